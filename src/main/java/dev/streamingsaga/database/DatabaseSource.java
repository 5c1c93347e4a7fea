package dev.streamingsaga.database;

import dev.streamingsaga.config.SagaConfig;

/** Opens an instance's databases. */
@FunctionalInterface
public interface DatabaseSource {
    /**
     * Opens and migrates the database of a role. The caller closes it.
     *
     * @param role {@code journal} or a built-in store
     */
    Databases.OpenDatabase open(String role);

    /** Opens databases as configured: a server if a URL is set, otherwise an embedded file. */
    static DatabaseSource configured(SagaConfig config) {
        return role -> Databases.open(
                role,
                role.equals("journal")
                        ? config.servers().journal()
                        : config.servers().store(role),
                config.dataDir());
    }
}
