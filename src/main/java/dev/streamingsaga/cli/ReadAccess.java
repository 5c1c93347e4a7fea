package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import java.nio.file.Files;

/** Opens the data directory for commands that read it, also while another process ingests. */
final class ReadAccess {
    private ReadAccess() {}

    /** Opens the journal now, bucket and stores when the command uses them. */
    static Inspection open(SagaConfig config) {
        require(config);
        return Inspection.open(config);
    }

    /** Whether there is a journal: on a server, or in the data directory. */
    static boolean hasJournal(SagaConfig config) {
        return config.servers().journal().url().isPresent()
                || Files.exists(config.dataDir().resolve("journal.db"));
    }

    /** Opens journal, bucket and stores now. */
    static Inspection openAll(SagaConfig config) {
        require(config);
        return Inspection.openAll(config);
    }

    /**
     * Requires a journal in a data directory of this user. Directs the log to standard error, for read-only commands.
     */
    static void require(SagaConfig config) {
        if (!hasJournal(config)) {
            throw new UsageException("there is no journal in " + config.dataDir()
                    + "; ingest a file first, or choose another directory with --data");
        }
        if (Files.exists(config.dataDir())) {
            DataDirectorySetup.restrict(config.dataDir());
        }
        Logs.toStandardError();
    }
}
