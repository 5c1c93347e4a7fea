package dev.streamingsaga.config;

import dev.streamingsaga.access.Classification;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What is removed from the journal, and how the passes of all rules of retention run.
 *
 * @param interval between two passes
 * @param maxPerPass what one rule removes in one pass at most
 * @param documents age of documents that are deleted, by classification; one that is absent: none is
 * @param journal age of ended sagas that are archived; empty: none is
 * @param audit age of audit entries that are archived; empty: none is
 */
public record JournalRetentionConfig(
        Duration interval,
        int maxPerPass,
        Map<Classification, RetentionPeriod> documents,
        Optional<RetentionPeriod> journal,
        Optional<RetentionPeriod> audit) {}
