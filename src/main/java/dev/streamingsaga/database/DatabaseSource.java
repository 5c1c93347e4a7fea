package dev.streamingsaga.database;

import dev.streamingsaga.config.SagaConfig;

/** Where an instance's databases come from. */
@FunctionalInterface
public interface DatabaseSource {
    /**
     * The open, migrated database of a role, to be closed by the caller.
     *
     * @param role {@code journal} or a built-in store
     */
    Databases.OpenDatabase open(String role);

    /** As configured: of a server with a URL, or an embedded file. */
    static DatabaseSource configured(SagaConfig config) {
        return role ->
                Databases.open(role, role.equals("journal") ? config.journal() : config.store(role), config.dataDir());
    }
}
