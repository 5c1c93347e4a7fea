package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Neo4jDatabase;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.outage.Dependency;
import dev.streamingsaga.outage.Outage;
import dev.streamingsaga.outage.TransientFailures;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.Neo4jProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.Driver;
import org.neo4j.driver.GraphDatabase;
import org.neo4j.driver.Session;
import org.neo4j.driver.Transaction;

/** The contracts of the graph store on one Neo4j server, and what only a server can do. */
@Tag("one-jdk")
class Neo4jTest {
    private static final String STORE_PASSWORD = "changeit";

    private static Neo4jProcess server;
    private static Path trusted;

    /** With a certificate of its own authority for 127.0.0.1; connections without TLS are accepted, too. */
    @BeforeAll
    static void start() throws Exception {
        Path home = Files.createTempDirectory("saga-neo4j");
        trusted = home.resolve("trusted.p12");
        Path certificates = Files.createDirectories(home.resolve("certificates"));
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "bolt",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=127.0.0.1",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-ext",
                        "bc:c",
                        "-keystore",
                        trusted.toString(),
                        "-storepass",
                        STORE_PASSWORD)
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(trusted)) {
            store.load(in, STORE_PASSWORD.toCharArray());
        }
        pem(
                certificates.resolve("private.key"),
                "PRIVATE KEY",
                store.getKey("bolt", STORE_PASSWORD.toCharArray()).getEncoded());
        pem(
                certificates.resolve("public.crt"),
                "CERTIFICATE",
                store.getCertificate("bolt").getEncoded());
        KeyStore authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        authorities.setCertificateEntry("bolt", store.getCertificate("bolt"));
        try (var out = Files.newOutputStream(trusted)) {
            authorities.store(out, STORE_PASSWORD.toCharArray());
        }
        server = Neo4jProcess.start(home);
    }

    private static void pem(Path file, String kind, byte[] content) throws IOException {
        Files.writeString(
                file,
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + kind
                        + "-----\n");
    }

    @AfterAll
    static void stop() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    @Nested
    class Graph extends Neo4jGraphContract {
        @Override
        Neo4jProcess server() {
            return server;
        }
    }

    @Nested
    class Store extends Neo4jStoreContract {
        @Override
        Neo4jProcess server() {
            return server;
        }
    }

    @Nested
    class Server {
        @TempDir
        Path folder;

        private StoreFixture fixture;

        @BeforeEach
        void empty() {
            server.empty();
        }

        @AfterEach
        void close() {
            if (fixture != null) {
                fixture.close();
            }
        }

        private void open(Map<String, String> changed) {
            Map<String, String> settings = new HashMap<>(server.settings());
            settings.put("saga.participants", "graph");
            settings.putAll(changed);
            fixture = StoreFixture.open(folder, settings, new WordVectors("words", 64));
        }

        private Database database(Map<String, String> settings) {
            return Settings.parse(settings).servers().store("graph");
        }

        @Test
        void what_a_start_creates_is_named_before_and_several_nodes_create_it_at_a_time() {
            Database settings = database(server.settings());
            List<String> all = List.of("saga_document", "saga_document_versions", "saga_node", "saga_node_by_saga");

            assertThat(Neo4jDatabase.inspect("graph", settings)).isEqualTo(all);
            assertThat(Neo4jDatabase.inspect("graph", settings))
                    .as("inspecting creates nothing")
                    .isEqualTo(all);

            List<CompletableFuture<Boolean>> nodes = IntStream.range(0, 3)
                    .mapToObj(node -> Background.run("node-" + node, () -> {
                        Neo4jDatabase.open("graph", settings).close();
                        return true;
                    }))
                    .toList();
            assertThat(nodes).allSatisfy(node -> assertThat(node.join()).isTrue());
            assertThat(Neo4jDatabase.inspect("graph", settings)).isEmpty();
            assertThat(server.number("SHOW CONSTRAINTS YIELD type WHERE type = 'UNIQUENESS' RETURN count(*)"))
                    .isEqualTo(2);
        }

        /** Neo4j reads what is committed, without waiting for a transaction that changes it. */
        @Test
        @Timeout(60)
        void a_batch_of_an_older_run_that_meets_the_take_over_of_a_newer_one_is_refused() {
            open(Map.of());
            var document = fixture.document("saga-1", "doc-1", "a\nb\fc\n");
            fixture.write("graph", document);
            GraphBatch late = new GraphBatch("saga-1", "doc-1", 1);
            late.segment(1, 99);
            Throwable refused;
            try (Driver driver = GraphDatabase.driver(
                            "bolt://" + server.authority(), AuthTokens.basic("neo4j", Neo4jProcess.PASSWORD));
                    Session session = driver.session();
                    Transaction newer = session.beginTransaction()) {
                newer.run("MATCH (d:SagaDocument) SET d.run = 2").consume();
                CompletableFuture<Throwable> older = Background.run(
                        "older",
                        () -> catchThrowable(() -> fixture.send(
                                fixture.config.direct("store-graph-batch"), late, new OpenRun(document, 1, 1))));
                await().until(() -> older.isDone() || waitingForLocks() > 0);
                newer.commit();
                refused = older.join();
            }

            assertThat(refused)
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CANCELLED));
            assertThat(server.number("MATCH (n:SagaNode) WHERE n.ordinal = 99 RETURN count(n)"))
                    .isZero();
        }

        private long waitingForLocks() {
            return server.number("SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN count(*)");
        }

        @Test
        void a_batch_that_arrives_twice_changes_nothing() {
            open(Map.of());
            var document = fixture.document("saga-1", "doc-1", "a\nb\fc\n");
            fixture.write("graph", document);
            GraphBatch batch = new GraphBatch("saga-1", "doc-1", 1);
            batch.document("A title with NUL  ");
            batch.page(1);
            batch.segment(1, 0);
            batch.segment(1, 1);
            long nodes = server.number("MATCH (n) RETURN count(n)");
            long edges = server.number("MATCH ()-[e]->() RETURN count(e)");

            fixture.send(fixture.config.direct("store-graph-batch"), batch, new OpenRun(document, 1, 1));

            assertThat(server.number("MATCH (n) RETURN count(n)")).isEqualTo(nodes);
            assertThat(server.number("MATCH ()-[e]->() RETURN count(e)")).isEqualTo(edges);
        }

        @Test
        void a_batch_with_an_edge_to_a_node_that_is_missing_is_not_written() {
            open(Map.of());
            var document = fixture.document("saga-1", "doc-1", "a\n");
            fixture.write("graph", document);
            GraphBatch batch = new GraphBatch("saga-1", "doc-1", 1);
            batch.segment(9, 99);

            assertThatThrownBy(() -> fixture.send(
                            fixture.config.direct("store-graph-batch"), batch, new OpenRun(document, 1, 1)))
                    .hasMessageContaining("0 of 1 edges");
            assertThat(server.number("MATCH (n:SagaNode) WHERE n.ordinal = 99 RETURN count(n)"))
                    .isZero();
        }

        @Test
        void a_server_that_stops_answering_or_ends_is_a_transient_outage_and_the_next_attempt_succeeds() {
            open(Map.of("saga.store.graph.timeout", "1s"));
            var document = fixture.document("saga-1", "doc-1", "a\nb\fc\n");
            fixture.write("graph", document);

            server.freeze();
            try {
                assertTransient(catchThrowable(() -> fixture.write("graph", document)));
                assertTransient(catchThrowable(
                        () -> fixture.stores.checks().get("graph").run()));
            } finally {
                server.thaw();
            }
            await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
                fixture.write("graph", document);
                return true;
            });

            server.kill();
            assertTransient(catchThrowable(() -> fixture.write("graph", document)));
            server.run();
            await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
                fixture.writeAndComplete("graph", document);
                return fixture.count("graph", "saga-1") == 1 + 2 + 3;
            });
            await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
                fixture.compensate("graph", "saga-1");
                return true;
            });
            assertThat(server.number("MATCH (n) RETURN count(n)")).isZero();
        }

        private void assertTransient(Throwable failure) {
            assertThat(TransientFailures.outage(failure).map(Outage::dependency))
                    .as("%s", failure)
                    .contains(Dependency.DATABASE);
        }

        @Test
        void a_pool_without_a_free_connection_is_a_transient_outage() {
            open(Map.of("saga.store.graph.timeout", "1s", "saga.store.graph.pool-size", "1"));
            var document = fixture.document("saga-1", "doc-1", "a\n");
            try (Driver driver = GraphDatabase.driver(
                            "bolt://" + server.authority(), AuthTokens.basic("neo4j", Neo4jProcess.PASSWORD));
                    Session session = driver.session();
                    Transaction holder = session.beginTransaction()) {
                fixture.write("graph", document);
                holder.run("MATCH (d:SagaDocument) SET d.held = true").consume();
                CompletableFuture<Throwable> first =
                        Background.run("first", () -> catchThrowable(() -> fixture.write("graph", document)));
                Throwable second = catchThrowable(() -> fixture.count("graph", "saga-1"));
                assertTransient(second == null ? first.join() : second);
                assertTransient(first.join());
                holder.rollback();
            }
        }

        @Test
        void a_wrong_password_and_an_unknown_database_are_permanent_and_no_secret_is_told() {
            Map<String, String> wrong = new HashMap<>(server.settings());
            wrong.put("saga.store.graph.password", "not the password");
            Throwable refused = catchThrowable(() -> Neo4jDatabase.open("graph", database(wrong)));
            assertThat(refused).isNotNull();
            assertThat(TransientFailures.outage(refused)).as("%s", refused).isEmpty();
            assertThat(refused.toString()).doesNotContain("not the password");
            assertThat(database(wrong).toString()).doesNotContain("not the password");

            Map<String, String> unknown = new HashMap<>(server.settings());
            unknown.put("saga.store.graph.database", "nowhere");
            Throwable missing = catchThrowable(() -> Neo4jDatabase.open("graph", database(unknown)));
            assertThat(missing).hasMessageContaining("nowhere");
            assertThat(TransientFailures.outage(missing)).as("%s", missing).isEmpty();
        }

        @Test
        void the_scheme_decides_about_tls_and_routing() {
            Throwable untrusted =
                    catchThrowable(() -> Neo4jDatabase.open("graph", database(server.settings("bolt+s"))));
            assertThat(untrusted).isNotNull();
            assertThat(TransientFailures.outage(untrusted)).as("%s", untrusted).isEmpty();

            System.setProperty("javax.net.ssl.trustStore", trusted.toString());
            System.setProperty("javax.net.ssl.trustStorePassword", STORE_PASSWORD);
            try {
                for (String scheme : List.of("bolt+s", "neo4j+s", "neo4j")) {
                    server.empty();
                    open(Map.of(
                            "saga.store.graph.url",
                            scheme + "://" + server.authority(),
                            "saga.store.graph.database",
                            "neo4j"));
                    fixture.writeAndComplete("graph", fixture.document("saga-1", "doc-1", "a\nb\fc\n"));
                    assertThat(fixture.count("graph", "saga-1")).as(scheme).isEqualTo(1 + 2 + 3);
                    fixture.close();
                }
            } finally {
                System.clearProperty("javax.net.ssl.trustStore");
                System.clearProperty("javax.net.ssl.trustStorePassword");
            }
        }
    }
}
