package dev.streamingsaga.database;

import dev.streamingsaga.config.ConfigException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema that a newer version has migrated. Migrations only add, so that nodes of the former version continue during
 * a rolling upgrade and after a rollback. A migration that older nodes cannot live with is named
 * {@code V…__incompatible_….sql}, which keeps them from starting.
 */
final class NewerSchema {
    private static final Logger LOG = LoggerFactory.getLogger(NewerSchema.class);
    private static final String INCOMPATIBLE = "incompatible";

    private NewerSchema() {}

    /** @throws ConfigException if a newer version made a change that this version cannot work with */
    static void check(String role, Flyway flyway) {
        MigrationInfoService migrations = flyway.info();
        List<MigrationInfo> newer = Arrays.stream(migrations.applied())
                .filter(migration -> migration.getState() == MigrationState.FUTURE_SUCCESS)
                .toList();
        if (newer.isEmpty()) {
            return;
        }
        String found = newer.stream()
                .map(migration -> migration.getVersion() + " " + migration.getDescription())
                .collect(Collectors.joining(", "));
        if (newer.stream().anyMatch(migration -> migration.getDescription().startsWith(INCOMPATIBLE))) {
            throw ConfigException.of("a newer version of Streaming Saga has migrated the database of " + role + " ("
                    + found + "), and this version cannot work with it; nothing was changed. Start the newer version,"
                    + " or restore the backup from before the upgrade");
        }
        LOG.warn(
                "a newer version has migrated the database of {} ({}); this version leaves the sagas that only the"
                        + " newer one understands alone",
                role,
                found);
    }
}
