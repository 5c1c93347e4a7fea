package dev.streamingsaga.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MigrationLockTest {
    private static final int NODES = 5;
    private static final List<String> ROLES = List.of("journal", "security", "graph", "relational");

    private PostgresServer postgres;

    @BeforeAll
    void server() {
        postgres = PostgresServer.installed();
    }

    @AfterAll
    void stop() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
    }

    @RepeatedTest(5)
    void any_number_of_nodes_start_together_on_an_empty_database(@TempDir Path directory) throws Exception {
        postgres.empty();
        Database settings = new Database(Optional.of(postgres.url()), "", "", 2, Duration.ofSeconds(30));
        CountDownLatch begin = new CountDownLatch(1);
        List<CompletableFuture<Boolean>> nodes = new ArrayList<>();
        for (int node = 0; node < NODES; node++) {
            nodes.add(Background.run("node-" + node, () -> {
                try {
                    begin.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                ROLES.forEach(role -> Databases.open(role, settings, directory).close());
                return true;
            }));
        }

        begin.countDown();

        for (CompletableFuture<Boolean> node : nodes) {
            assertThat(node.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        }
        ROLES.forEach(
                role -> assertThat(Databases.inspect(role, settings, directory).pending())
                        .as(role)
                        .isZero());
    }

    @RepeatedTest(5)
    void any_number_of_hubs_start_together_on_an_empty_shared_database() throws Exception {
        postgres.empty();
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement()) {
            statement.execute("DROP SCHEMA IF EXISTS streaming_saga CASCADE");
        }
        CountDownLatch begin = new CountDownLatch(1);
        List<CompletableFuture<Boolean>> hubs = new ArrayList<>();
        for (int hub = 0; hub < NODES; hub++) {
            hubs.add(Background.call("hub-" + hub, () -> {
                begin.await();
                try (HikariDataSource pool = pool()) {
                    SharedDatabase shared = SharedDatabase.of(pool, "saga");
                    ROLES.forEach(role -> shared.open(role).close());
                }
                return true;
            }));
        }

        begin.countDown();

        for (CompletableFuture<Boolean> hub : hubs) {
            assertThat(hub.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        }
    }

    @Test
    void a_node_waits_for_a_migration_that_takes_longer_than_a_statement_may(@TempDir Path directory) throws Exception {
        postgres.empty();
        Database settings = new Database(Optional.of(postgres.url()), "", "", 2, Duration.ofSeconds(1));
        CompletableFuture<Boolean> node;
        try (Connection other = DriverManager.getConnection(postgres.url());
                Statement statement = other.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(" + 0x5361_6761 + ", " + "journal".hashCode() + ")");
            node = Background.run("node", () -> {
                Databases.open("journal", settings, directory).close();
                return true;
            });
            await().atMost(Duration.ofSeconds(60)).until(() -> isWaiting(statement));
            await().during(Duration.ofSeconds(3)).atMost(Duration.ofSeconds(60)).until(() -> isWaiting(statement));
        }

        assertThat(node.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
    }

    private static boolean isWaiting(Statement statement) throws SQLException {
        try (ResultSet waiting =
                statement.executeQuery("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")) {
            return waiting.next() && waiting.getInt(1) == 1;
        }
    }

    /** As small as a hub's pool may be. */
    private HikariDataSource pool() {
        HikariConfig settings = new HikariConfig();
        settings.setJdbcUrl(postgres.url());
        settings.setMaximumPoolSize(3);
        return new HikariDataSource(settings);
    }
}
