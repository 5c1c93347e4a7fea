package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;
import java.util.Optional;

/**
 * The clean-up entries that match a query, oldest first.
 *
 * @param next where the next page begins; empty if there is none
 */
@PublicApi
public record CleanupPage(List<CleanupEntry> entries, Optional<String> next) {}
