package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import java.nio.file.Files;
import java.time.Clock;

/** The journal for commands that only look; works beside a process that ingests. */
final class JournalReader implements AutoCloseable {
    private final Databases.OpenDatabase database;
    private final Journal journal;

    JournalReader(SagaConfig config) {
        require(config);
        this.database = Databases.open("journal", config.journal(), config.dataDir());
        this.journal = new Journal(database.dataSource(), Clock.systemUTC(), "reader");
    }

    /** Refuses a data directory of somebody else. Also sends the log to standard error, for commands that only look. */
    static void require(SagaConfig config) {
        if (config.journal().url().isEmpty() && !Files.exists(config.dataDir().resolve("journal.db"))) {
            throw new UsageException(
                    "there is no journal in " + config.dataDir() + "; ingest a file first, or give another --data");
        }
        if (Files.exists(config.dataDir())) {
            DataDirectorySetup.requireOurs(config.dataDir());
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
