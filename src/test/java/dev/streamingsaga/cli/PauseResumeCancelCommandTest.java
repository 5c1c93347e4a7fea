package dev.streamingsaga.cli;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code pause}, {@code resume} and {@code cancel} from a second terminal, with and without a service that runs the
 * saga.
 */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@Tag("own-jvm")
class PauseResumeCancelCommandTest {

    private Path directory;
    private StreamingSagaFixture service;
    private CountDownLatch held;
    private FaultRule holding;

    private record Running(String sagaId, CompletableFuture<IngestResult> end) {
        IngestResult result() {
            return end.orTimeout(60, TimeUnit.SECONDS).join();
        }
    }

    @BeforeAll
    void start(@TempDir Path empty) throws IOException {
        directory = empty;
        // Held requests must not time out.
        service = StreamingSagaFixture.start(
                directory,
                Map.of("saga.chunk.parallelism", "1"),
                "saga.node.name",
                "harbour",
                "saga.s3.timeout",
                "60s",
                "saga.compensation.step-timeout",
                "60s");
    }

    @BeforeEach
    void hold_second_chunks() {
        held = new CountDownLatch(1);
        holding = service.s3()
                .when(method("PUT").and(keyEndsWith("/chunk-000001")))
                .always()
                .delay(held);
    }

    @AfterEach
    void release_chunks() {
        held.countDown();
        service.s3().clearRules();
    }

    @AfterAll
    void stop() {
        service.close();
    }

    /** A command while the service runs: it needs only the location of the journal. */
    private Call saga(String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of("--data", service.data().toString()));
        return Call.of(all);
    }

    /** A command while the service is stopped: this process does its work, with its settings. */
    private Call alone(String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        service.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return saga(all.toArray(String[]::new));
    }

    /** Runs work while the service is stopped. */
    private <T> T whileStopped(Callable<T> work) {
        CompletableFuture<T> done = new CompletableFuture<>();
        service.restart(() -> {
            try {
                done.complete(work.call());
            } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
            }
        });
        return done.join();
    }

    /** Starts an ingest and returns when its second chunk is held in flight. */
    private Running uploading(String name) {
        int before = holding.applied();
        Path file = service.file(name, CHUNK + 1000);
        CompletableFuture<IngestResult> end = Background.run("ingest " + name, () -> service.ingest(file));
        await().atMost(60, TimeUnit.SECONDS).until(() -> holding.applied() > before);
        return new Running(service.journal().sagas().newest(1).get(0).sagaId(), end);
    }

    private SagaRecord record(String sagaId) {
        return service.journal().sagas().find(sagaId).orElseThrow();
    }

    private List<String> keys(String sagaId) {
        return service.keys().stream().filter(key -> key.contains(sagaId)).toList();
    }

    @Test
    void pauses_and_resumes_a_saga_of_a_running_service() throws Exception {
        Running running = uploading("paused.bin");
        String node = record(running.sagaId()).node();
        assertThat(node).startsWith("harbour-");
        assertThat(saga("status", running.sagaId()).out()).contains("\n  on node " + node + "\n");

        Call paused = saga("pause", running.sagaId());

        assertThat(paused.code()).as(paused.err()).isZero();
        assertThat(paused.out())
                .startsWith(running.sagaId() + "  PAUSED ")
                .contains("paused.bin", "paused; nothing was removed; resume " + running.sagaId());
        Call list = saga("list", "--limit", "1");
        assertThat(list.out().lines()).hasSize(1);
        assertThat(list.err()).containsPattern("sagas? needs? attention; list --attention shows ");
        assertThat(saga("list", "--attention").out()).startsWith(running.sagaId() + "  PAUSED ");
        assertThat(saga("status", running.sagaId()).out()).doesNotContain("on node");
        held.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        assertThat(keys(running.sagaId())).as("written data stays").isNotEmpty();

        Call resumed = saga("resume", running.sagaId(), "--json");

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.line().get("sagaId").asText()).isEqualTo(running.sagaId());
        assertThat(resumed.line().get("state").asText()).isEqualTo("COMPLETED");
        assertThat(resumed.line().get("runs").asInt()).isEqualTo(2);
        assertThat(record(running.sagaId()).node()).as("who resumed it").isEqualTo(node);
        assertThat(keys(running.sagaId())).hasSize(3);
        String user = System.getProperty("user.name");
        assertThat(service.journal().audit().page(AuditFilter.ALL, 0, 100))
                .filteredOn(entry -> entry.sagaId().equals(running.sagaId()))
                .extracting(AuditEntry::action, AuditEntry::kind, AuditEntry::actor)
                .containsExactly(
                        tuple("OUTCOME", "SYSTEM", "saga"),
                        tuple("RESUME", "OS_USER", user),
                        tuple("PAUSE", "OS_USER", user),
                        tuple("INGEST", "SYSTEM", "hub"));
    }

    @Test
    void resume_prints_its_result_and_status_the_duration_of_an_interrupted_step() throws Exception {
        Running running = uploading("said.bin");
        assertThat(saga("pause", running.sagaId()).code()).isZero();
        held.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        service.execute(
                "journal",
                "UPDATE step SET started_at = stopped_at - 85000 WHERE name = 'upload' AND saga_id = '"
                        + running.sagaId() + "'");
        assertThat(saga("status", running.sagaId()).out()).containsPattern("upload +WRITING +85\\.0 s");

        assertThat(saga("resume", running.sagaId()).out())
                .contains("COMPLETED")
                .endsWith("resumed as run 2; 5.2 MB already in the bucket were not sent again\n");
    }

    @Test
    void cancels_a_saga_of_a_running_service() throws Exception {
        Running running = uploading("cancelled.bin");
        String node = record(running.sagaId()).node();

        CompletableFuture<Call> cancel = Background.run("cancel", () -> saga("cancel", running.sagaId(), "--json"));
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> record(running.sagaId()).state() == SagaState.COMPENSATING);
        held.countDown();
        Call cancelled = cancel.orTimeout(60, TimeUnit.SECONDS).join();

        assertThat(cancelled.code()).as(cancelled.err()).isEqualTo(1);
        assertThat(cancelled.line().get("state").asText()).isEqualTo("COMPENSATED");
        assertThat(cancelled.line().get("reason").asText()).isEqualTo("CANCELLED");
        assertThat(running.result().reason()).isEqualTo("CANCELLED");
        assertThat(record(running.sagaId()).node()).as("who cancelled it").isEqualTo(node);
        assertThat(keys(running.sagaId())).isEmpty();
    }

    @Test
    void resumes_and_cancels_paused_sagas_if_no_service_runs() throws Exception {
        Running first = uploading("first.bin");
        Running second = uploading("second.bin");
        for (Running running : List.of(first, second)) {
            assertThat(saga("pause", running.sagaId()).code()).isZero();
        }
        held.countDown();
        assertThat(List.of(first.result(), second.result()))
                .extracting(IngestResult::status)
                .containsOnly("PAUSED");

        List<Call> calls = whileStopped(() -> {
            Call resumed = alone("resume", first.sagaId(), "--json");
            assertThat(service.column(
                            "journal",
                            "SELECT published_at IS NOT NULL FROM saga WHERE saga_id = '" + first.sagaId() + "'"))
                    .as("visible when the command ends")
                    .containsExactly("1");
            return List.of(resumed, alone("cancel", second.sagaId()));
        });

        Call resumed = calls.get(0);
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.line().get("state").asText()).isEqualTo("COMPLETED");
        assertThat(keys(first.sagaId())).hasSize(3);
        Call cancelled = calls.get(1);
        assertThat(cancelled.code()).as(cancelled.err()).isEqualTo(1);
        assertThat(cancelled.out())
                .startsWith(second.sagaId() + "  COMPENSATED ")
                .contains("second.bin", "CANCELLED", "cancelled; all data that it had written was removed");
        assertThat(keys(second.sagaId())).isEmpty();
    }

    @Test
    void pauses_a_saga_of_a_stopped_service() throws Exception {
        Running interrupted = uploading("left.bin");
        ActiveRun run = Internals.runs(service.application().bundle())
                .find(interrupted.sagaId())
                .orElseThrow();

        CompletableFuture<Call> paused =
                Background.run("stop", () -> whileStopped(() -> alone("pause", interrupted.sagaId(), "--json")));
        await().atMost(60, TimeUnit.SECONDS).until(() -> run.revocation().isPresent());
        held.countDown();

        Call call = paused.orTimeout(100, TimeUnit.SECONDS).join();
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.line().get("state").asText()).isEqualTo("PAUSED");
        assertThat(record(interrupted.sagaId()).state())
                .as("after the next start")
                .isEqualTo(SagaState.PAUSED);
        Call resumed = saga("resume", interrupted.sagaId(), "--json");
        assertThat(resumed.line().get("state").asText()).as(resumed.err()).isEqualTo("COMPLETED");
    }

    /** Delivery takes longer than the application waits for its routes when it stops. */
    @Test
    void ends_after_delivery_of_the_alert_for_residue() throws Exception {
        Running running = uploading("kept.bin");
        assertThat(saga("pause", running.sagaId()).code()).isZero();
        held.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        service.s3().when(method("POST").or(method("DELETE"))).always().answer(403, "AccessDenied");
        Path alerts = directory.resolve("told");
        Path route = slowAlertTo(alerts);
        try {
            Call cancelled = whileStopped(() -> {
                Call call = alone("cancel", running.sagaId(), "--json");
                assertThat(alerts.resolve("alert.txt")).content().contains("PARTIAL_ROLLBACK", running.sagaId());
                assertThat(service.report("failed_cleanups.json"))
                        .singleElement()
                        .asString()
                        .contains(running.sagaId());
                return call;
            });

            assertThat(cancelled.code()).as(cancelled.err()).isEqualTo(3);
            assertThat(cancelled.line().get("state").asText()).isEqualTo("PARTIALLY_COMPENSATED");
        } finally {
            Files.delete(route);
        }
    }

    private Path slowAlertTo(Path folder) {
        try {
            return Files.writeString(
                    Files.createDirectories(directory.resolve("routes")).resolve("alert.camel.yaml"),
                    """
                    - route:
                        id: saga-alert
                        from:
                          uri: direct:saga-alert
                          steps:
                            - delay:
                                constant: "8000"
                            - setBody:
                                simple: "${body[type]} ${body[sagaId]}"
                            - to:
                                uri: file:%s?fileName=alert.txt
                    """.formatted(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "resume", "cancel"})
    void rejects_an_unknown_saga_and_one_with_an_outcome(String verb) {
        Call unknown = saga(verb, "nosuchsaga");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err())
                .contains("no saga nosuchsaga; list shows them")
                .doesNotContain("\tat ");

        for (Path file : List.of(service.text("over.txt", 3), directory.resolve("gone.txt"))) {
            IngestResult over = service.ingest(file);
            Call late = saga(verb, over.sagaId());
            assertThat(late.code()).isEqualTo(2);
            assertThat(late.err())
                    .contains("saga " + over.sagaId() + " is already " + over.status())
                    .doesNotContain("\tat ");
            assertThat(late.out()).isEmpty();
            assertThat(service.journal().commands().find(over.sagaId())).isEmpty();
        }
        assertThat(service.journal().sagas().newest(9))
                .extracting(SagaRecord::state)
                .contains(SagaState.COMPLETED, SagaState.COMPENSATED);
    }
}
