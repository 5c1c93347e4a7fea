package dev.streamingsaga.config;

import java.time.Duration;
import java.util.Optional;

/**
 * What is removed from the journal, and how the passes of all rules of retention run.
 *
 * @param interval between two passes
 * @param maxPerPass what one rule removes in one pass at most
 * @param journal age of ended sagas that are archived; empty: none is
 * @param audit age of audit entries that are archived; empty: none is
 */
public record JournalRetentionConfig(
        Duration interval, int maxPerPass, Optional<RetentionPeriod> journal, Optional<RetentionPeriod> audit) {}
