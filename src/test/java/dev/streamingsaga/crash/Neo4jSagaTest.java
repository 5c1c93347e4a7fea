package dev.streamingsaga.crash;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.embedded.Diagnosis;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.recovery.Orphan;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.Neo4jProcess;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole sagas whose graph is in Neo4j: outcomes, drift and orphans, an outage in the middle of the step, kills. */
@Tag("one-jdk")
@Tag("own-jvm")
@Timeout(240)
class Neo4jSagaTest {
    private static Neo4jProcess server;

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;

    @BeforeAll
    static void start() {
        server = Neo4jProcess.start();
        ChildJava.prepare();
    }

    @AfterAll
    static void stop() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void empty() {
        server.empty();
    }

    @AfterEach
    void close() {
        if (saga != null) {
            saga.close();
        }
    }

    private void start(Map<String, String> changed) throws IOException {
        Map<String, String> settings = new HashMap<>(server.settings());
        settings.put("saga.participants", "security,graph,relational");
        settings.putAll(changed);
        saga = StreamingSagaFixture.start(directory, settings);
    }

    private static long nodes() {
        return server.number("MATCH (n:SagaNode) RETURN count(n)");
    }

    private static long visible() {
        return server.number("MATCH (d:SagaDocument) WHERE d.visible = 1 RETURN count(d)");
    }

    @Test
    void a_document_is_stored_verified_repaired_and_compensated() throws Exception {
        start(Map.of("saga.orphans.min-age", "0"));

        IngestResult result = saga.ingest(saga.text("keeper.txt", 100));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(result.stores().get("graph")).isEqualTo(nodes()).isPositive();
        assertThat(visible()).isOne();
        assertThat(saga.data().resolve("graph.db")).doesNotExist();
        assertThat(new Diagnosis(saga.config(), directory).database("graph"))
                .isEqualTo("NEO4J bolt://" + server.authority() + " answers");

        assertNoDrift();
        SagaOperator operator = saga.application().bundle().operator();
        for (String lost : List.of("(n:SagaNode {kind: 'segment', ordinal: 0})", "(n)")) {
            server.query("MATCH " + lost + " DETACH DELETE n", Map.of());
            assertThat(operator.verify(newest(), true)).extracting(Drift::store).containsOnly("graph");
            operator.repair(newest(), true);
            assertNoDrift();
            assertThat(visible()).isOne();
        }
        assertThat(nodes()).isEqualTo(result.stores().get("graph"));

        server.query("CREATE (:SagaNode {id: 'x', sagaId: $saga, documentId: 'd'})", Map.of("saga", "0".repeat(26)));
        List<Orphan> orphans = new ArrayList<>();
        operator.listOrphans(orphans::add);
        assertThat(orphans).extracting(Orphan::store).containsExactly("graph");
        operator.deleteOrphans(orphans::add);
        assertThat(nodes()).isEqualTo(result.stores().get("graph"));

        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).always().answer(507, "InsufficientStorage");
        IngestResult compensated = saga.ingest(saga.text("another.txt", 50));
        assertThat(compensated.status()).as("%s", compensated).isEqualTo("COMPENSATED");
        assertThat(nodes()).isEqualTo(result.stores().get("graph"));
        assertThat(server.number("MATCH (d:SagaDocument) RETURN count(d)")).isOne();
    }

    private SagaRecord newest() {
        return saga.journal().sagas().newest(1).get(0);
    }

    private void assertNoDrift() {
        assertThat(saga.application().bundle().operator().verify(newest(), true))
                .isEmpty();
    }

    @Test
    void fp_45_a_server_that_ends_between_two_batches_is_waited_for() throws Exception {
        start(Map.of(
                "saga.patience", "120s",
                "saga.step.retry-delay", "100ms",
                "saga.content.segment-tokens", "16"));
        Path file = saga.text("keeper.txt", 20_000);
        CompletableFuture<IngestResult> running = Background.run("ingest", () -> saga.ingest(file));
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> nodes() > 2000);

        server.kill();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> newest().waiting()
                        .filter(waiting -> waiting.reason().startsWith("waits for the database: "))
                        .isPresent());
        assertThat(newest().state().isFinal()).isFalse();
        server.run();

        IngestResult result = running.orTimeout(120, TimeUnit.SECONDS).join();
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(newest().lastRun()).as("the same run").isOne();
        assertThat(result.stores().get("graph")).isEqualTo(nodes()).isGreaterThan(20_000);
        assertThat(visible()).isOne();
        assertNoDrift();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "before the commit of a batch | commit of UNWIND | before",
                "after the commit of a batch | commit of UNWIND | after",
            })
    void fp_34_a_kill_leaves_one_whole_graph(String moment, String what, String when) throws Exception {
        Path data = Files.createDirectories(directory.resolve("data"));
        Path file = Files.writeString(
                directory.resolve("keeper.txt"), "The lighthouse keeper counted his gulls.\n".repeat(50));
        Map<String, String> settings = new HashMap<>(server.settings());
        settings.put("saga.participants", "security,graph,relational");
        settings.put("saga.http.enabled", "false");
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("crash.at", "~" + new Point("graph", what, 1).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "ingest", file.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        End end = ChildJvm.run(data, settings, "recover");

        assertThat(end.exit()).as("%s", end.log()).isZero();
        assertThat(Oracle.rows(data, "journal", "SELECT state FROM saga")).containsExactly("COMPLETED");
        long stored = Oracle.count(data, "relational", "relational_document WHERE visible = 1");
        assertThat(stored).as(moment).isOne();
        assertThat(visible()).isOne();
        assertThat(server.number("MATCH (n:SagaNode) WHERE n.kind = 'document' RETURN count(n)"))
                .isOne();
        assertThat(nodes())
                .isEqualTo(2
                        + Long.parseLong(Oracle.rows(data, "relational", "SELECT segments FROM relational_document")
                                .get(0)));
        Lane.remove(data);
    }
}
