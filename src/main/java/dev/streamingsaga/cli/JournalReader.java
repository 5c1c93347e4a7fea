package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import java.nio.file.Files;
import java.time.Clock;

/** Opens the journal for read-only commands, also while another process ingests. */
final class JournalReader implements AutoCloseable {
    private final Databases.OpenDatabase database;
    private final Journal journal;

    JournalReader(SagaConfig config) {
        require(config);
        this.database = Databases.open("journal", config.journal(), config.dataDir());
        this.journal = new Journal(database.dataSource(), Clock.systemUTC(), "reader");
    }

    /**
     * Requires a journal in a data directory of this user. Directs the log to standard error, for read-only commands.
     */
    static void require(SagaConfig config) {
        if (config.journal().url().isEmpty() && !Files.exists(config.dataDir().resolve("journal.db"))) {
            throw new UsageException("there is no journal in " + config.dataDir()
                    + "; ingest a file first, or choose another directory with --data");
        }
        if (Files.exists(config.dataDir())) {
            DataDirectorySetup.restrict(config.dataDir());
        }
        Logs.toStandardError();
    }

    Journal journal() {
        return journal;
    }

    @Override
    public void close() {
        database.close();
    }
}
