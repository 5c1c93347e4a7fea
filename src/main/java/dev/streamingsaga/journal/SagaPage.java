package dev.streamingsaga.journal;

import java.util.List;
import java.util.Optional;

/**
 * Sagas that a query found, in its order.
 *
 * @param next where the next page begins; empty if there is none. A page that was searched for a text may have fewer
 *     sagas than were asked for, even none, and a next one: each looks at a limited number of sagas.
 */
public record SagaPage(List<SagaRecord> sagas, Optional<String> next) {}
