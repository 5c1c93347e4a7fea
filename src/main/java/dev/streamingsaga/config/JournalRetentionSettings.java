package dev.streamingsaga.config;

import static dev.streamingsaga.config.SettingType.DURATION;
import static dev.streamingsaga.config.SettingType.INTEGER;
import static dev.streamingsaga.config.SettingType.PERIOD;

import dev.streamingsaga.access.Classification;
import java.time.Period;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** How long the journal keeps what is not needed any more. */
final class JournalRetentionSettings {
    private static final String DOCUMENTS = "saga.retention.documents";
    private static final String JOURNAL = "saga.retention.journal";

    /** Charts show the sagas of the last seven days. */
    private static final RetentionPeriod MIN = new RetentionPeriod(Period.ofDays(8));

    private JournalRetentionSettings() {}

    static void declare(SettingsTable table) {
        table.section("Retention");
        table.row(DURATION, "saga.retention.interval", "1h", "1s", "7d")
                .describe("Time between two passes of retention. One node does them for all.");
        table.row(INTEGER, "saga.retention.max-per-pass", "10000", "1", "1000000")
                .describe("What one rule removes in one pass at most; the next pass continues.");
        table.row(PERIOD, DOCUMENTS, "")
                .describe("Age, counted from the completion of their current version, from which documents are deleted"
                        + " with all their versions, unless a legal hold covers them. Such as P10Y, P18M or P30D."
                        + " Empty: none is deleted.");
        for (Classification level : Classification.values()) {
            table.row(PERIOD, DOCUMENTS + "." + level.word(), "")
                    .describe("The same for documents that are " + level.word() + ". Empty: as " + DOCUMENTS + ".");
        }
        table.row(PERIOD, JOURNAL, "")
                .describe("Age from which ended sagas are written to an archive in the data directory and removed from"
                        + " the journal; of completed documents that still exist, only their events are. P8D or more."
                        + " Empty: nothing is removed.");
        table.row(PERIOD, "saga.retention.audit", "")
                .describe("Age from which entries of the audit log are written to an archive in the data directory and"
                        + " removed from the journal. Empty: none is removed.");
    }

    static JournalRetentionConfig read(SettingsReader read) {
        Optional<RetentionPeriod> journal = read.period(JOURNAL);
        java.time.Instant epoch = java.time.Instant.EPOCH;
        if (journal.filter(age -> age.before(epoch).isAfter(MIN.before(epoch))).isPresent()) {
            read.refuse(JOURNAL + " must be " + MIN + " or more, because charts show the sagas of the last seven days,"
                    + " was \"" + journal.get() + "\"");
        }
        return new JournalRetentionConfig(
                read.duration("saga.retention.interval"),
                read.integer("saga.retention.max-per-pass"),
                documents(read),
                journal,
                read.period("saga.retention.audit"));
    }

    private static Map<Classification, RetentionPeriod> documents(SettingsReader read) {
        Optional<RetentionPeriod> all = read.period(DOCUMENTS);
        Map<Classification, RetentionPeriod> periods = new EnumMap<>(Classification.class);
        for (Classification level : Classification.values()) {
            read.period(DOCUMENTS + "." + level.word()).or(() -> all).ifPresent(period -> periods.put(level, period));
        }
        return Map.copyOf(periods);
    }
}
