package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.nio.file.Path;

/** Prepares the data directory for a command that writes to it. */
final class DataDirectorySetup {
    private DataDirectorySetup() {}

    /**
     * Directs the log and temporary files into the data directory. To be called before the first log line and before a
     * native library is unpacked.
     */
    static void prepare(SagaConfig config) {
        Path dataDir = config.dataDir();
        Path temporary = dataDir.resolve("spool").resolve("tmp");
        restrict(dataDir);
        try {
            Permissions.folder(temporary);
        } catch (IOException e) {
            throw new UsageException("cannot write to the data directory " + dataDir + ": " + e);
        }
        System.setProperty("java.io.tmpdir", temporary.toString());
        Logs.toFile(dataDir, config.operation().observability());
    }

    /**
     * Restricts the data directory to its owner, and refuses one of another user: its code and data are not trusted.
     */
    static void restrict(Path dataDir) {
        try {
            DataDirectory.prepare(dataDir);
        } catch (IOException e) {
            throw new UsageException("cannot write to the data directory " + dataDir + ": " + e);
        }
    }
}
