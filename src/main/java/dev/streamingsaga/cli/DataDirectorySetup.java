package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.nio.file.Path;

/** A data directory, made ready for a process that works in it. */
final class DataDirectorySetup {
    private DataDirectorySetup() {}

    /** Logs and temporary files go there: to be called before anything logs or unpacks a native library. */
    static void prepare(SagaConfig config) {
        Path dataDir = config.dataDir();
        Path temporary = dataDir.resolve("spool").resolve("tmp");
        requireOurs(dataDir);
        try {
            Permissions.folder(temporary);
        } catch (IOException e) {
            throw new UsageException("cannot write to the data directory " + dataDir + ": " + e);
        }
        System.setProperty("java.io.tmpdir", temporary.toString());
        Logs.toFile(dataDir, config.watch().logFormat());
    }

    /** Also restricts it to its owner. Nobody else's code and data are used. */
    static void requireOurs(Path dataDir) {
        try {
            DataDirectory.prepare(dataDir);
        } catch (IOException e) {
            throw new UsageException("cannot write to the data directory " + dataDir + ": " + e);
        }
    }
}
