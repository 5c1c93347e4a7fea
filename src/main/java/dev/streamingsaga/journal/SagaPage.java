package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;
import java.util.Optional;

/**
 * The sagas that match a query, in its order.
 *
 * @param next where the next page begins; empty if there is none. A page of a text search may have fewer sagas than
 *     requested, even none, and still a next page, since each page scans a limited number of sagas.
 */
@PublicApi
public record SagaPage(List<SagaRecord> sagas, Optional<String> next) {}
