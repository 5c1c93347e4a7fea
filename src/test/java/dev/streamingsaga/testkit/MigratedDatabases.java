package dev.streamingsaga.testkit;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Empty SQLite databases that are migrated once for each JVM and copied into data directories: a start then checks the
 * migrations instead of applying them to five databases, which takes half of it.
 */
public final class MigratedDatabases {
    private static final String JOURNAL = "journal";
    private static final List<String> ROLES = List.of(JOURNAL, "security", "vector", "graph", "relational");
    private static final Path TEMPLATES = migrate();

    private MigratedDatabases() {}

    /** Copies the databases that this configuration keeps in its data directory. Existing ones stay as they are. */
    public static void copyTo(SagaConfig config) {
        try {
            Path data = config.dataDir();
            Permissions.folder(data);
            for (String role : ROLES) {
                Path database = data.resolve(role + ".db");
                if (isEmbedded(config, role) && Files.notExists(database)) {
                    Files.copy(TEMPLATES.resolve(role + ".db"), database);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isEmbedded(SagaConfig config, String role) {
        return role.equals(JOURNAL)
                ? config.servers().journal().url().isEmpty()
                : config.participants().contains(role)
                        && config.servers().store(role).url().isEmpty();
    }

    private static Path migrate() {
        try {
            Path directory = Files.createTempDirectory(Files.createDirectories(Path.of("target", "tmp")), "migrated");
            SagaConfig config = Settings.parse(Map.of("saga.data.dir", directory.toString()));
            for (String role : ROLES) {
                Databases.open(
                                role,
                                role.equals(JOURNAL)
                                        ? config.servers().journal()
                                        : config.servers().store(role),
                                directory)
                        .close();
                directory.resolve(role + ".db").toFile().deleteOnExit();
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
