package dev.streamingsaga.cli;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
 * {@code pause}, {@code resume} and {@code cancel} from a second terminal: beside the service that runs the saga, and
 * where none runs.
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
        // What is held may be held for long: nobody gives it up.
        service = StreamingSagaFixture.start(
                directory,
                Map.of("saga.chunk.parallelism", "1"),
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
    void let_go() {
        held.countDown();
        service.s3().clearRules();
    }

    @AfterAll
    void stop() {
        service.close();
    }

    /** Beside the service: it needs to know nothing but where the journal is. */
    private Call saga(String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of("--data", service.data().toString()));
        return Call.of(all);
    }

    /** Where the service does not run: with its settings, since this process does its work. */
    private Call alone(String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        service.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return saga(all.toArray(String[]::new));
    }

    /** Does so while the service is stopped. */
    private <T> T meanwhile(Callable<T> work) {
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

    /** Returns when the saga's second chunk is on its way, where it is held. */
    private Running uploading(String name) {
        int before = holding.applied();
        Path file = service.file(name, CHUNK + 1000);
        CompletableFuture<IngestResult> end = Background.run("ingest " + name, () -> service.ingest(file));
        await().atMost(60, TimeUnit.SECONDS).until(() -> holding.applied() > before);
        return new Running(service.journal().sagas(1).get(0).sagaId(), end);
    }

    private SagaRecord record(String sagaId) {
        return service.journal().saga(sagaId).orElseThrow();
    }

    private List<String> keys(String sagaId) {
        return service.keys().stream().filter(key -> key.contains(sagaId)).toList();
    }

    @Test
    void pauses_and_resumes_a_saga_beside_the_service_that_runs_it() throws Exception {
        Running running = uploading("paused.bin");
        String node = record(running.sagaId()).node();

        Call paused = saga("pause", running.sagaId());

        assertThat(paused.code()).as(paused.err()).isZero();
        assertThat(paused.out())
                .startsWith(running.sagaId() + "  PAUSED ")
                .contains("paused.bin", "paused; nothing was removed; resume " + running.sagaId());
        Call list = saga("list", "--limit", "1");
        assertThat(list.out().lines()).hasSize(1);
        assertThat(list.err()).containsPattern("sagas? needs? attention; list --attention shows ");
        assertThat(saga("list", "--attention").out()).startsWith(running.sagaId() + "  PAUSED ");
        held.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        assertThat(keys(running.sagaId())).as("what is written stays").isNotEmpty();

        Call resumed = saga("resume", running.sagaId(), "--json");

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.line().get("sagaId").asText()).isEqualTo(running.sagaId());
        assertThat(resumed.line().get("state").asText()).isEqualTo("COMPLETED");
        assertThat(resumed.line().get("runs").asInt()).isEqualTo(2);
        assertThat(record(running.sagaId()).node()).as("who resumed it").isEqualTo(node);
        assertThat(keys(running.sagaId())).hasSize(3);
    }

    @Test
    void resume_says_what_it_did_and_status_how_long_a_step_ran_that_was_given_up() throws Exception {
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
                .endsWith("resumed as run 2; 5.2 MB that the bucket held were not sent again\n");
    }

    @Test
    void cancels_a_saga_beside_the_service_that_runs_it() throws Exception {
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
    void resumes_and_cancels_paused_sagas_itself_where_no_service_runs() throws Exception {
        Running first = uploading("first.bin");
        Running second = uploading("second.bin");
        for (Running running : List.of(first, second)) {
            assertThat(saga("pause", running.sagaId()).code()).isZero();
        }
        held.countDown();
        assertThat(List.of(first.result(), second.result()))
                .extracting(IngestResult::status)
                .containsOnly("PAUSED");

        List<Call> calls = meanwhile(() -> {
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
                .contains("second.bin", "CANCELLED", "cancelled; everything that it had written was removed");
        assertThat(keys(second.sagaId())).isEmpty();
    }

    @Test
    void pauses_a_saga_that_the_service_left_when_it_stopped() throws Exception {
        Running left = uploading("left.bin");
        ActiveRun run =
                service.application().bundle().runs().find(left.sagaId()).orElseThrow();

        CompletableFuture<Call> paused =
                Background.run("stop", () -> meanwhile(() -> alone("pause", left.sagaId(), "--json")));
        await().atMost(60, TimeUnit.SECONDS).until(() -> run.calledOff().isPresent());
        held.countDown();

        Call call = paused.orTimeout(100, TimeUnit.SECONDS).join();
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.line().get("state").asText()).isEqualTo("PAUSED");
        assertThat(record(left.sagaId()).state()).as("after the next start").isEqualTo(SagaState.PAUSED);
        Call resumed = saga("resume", left.sagaId(), "--json");
        assertThat(resumed.line().get("state").asText()).as(resumed.err()).isEqualTo("COMPLETED");
    }

    /** The alert takes longer than a stop of the application waits for its routes. */
    @Test
    void ends_when_what_it_could_not_undo_is_told() throws Exception {
        Running running = uploading("kept.bin");
        assertThat(saga("pause", running.sagaId()).code()).isZero();
        held.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        service.s3().when(method("POST").or(method("DELETE"))).always().answer(403, "AccessDenied");
        Path told = directory.resolve("told");
        Path route = slowAlertTo(told);
        try {
            Call cancelled = meanwhile(() -> {
                Call call = alone("cancel", running.sagaId(), "--json");
                assertThat(told.resolve("alert.txt")).content().contains("PARTIAL_ROLLBACK", running.sagaId());
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
    void refuses_a_saga_that_is_not_there_or_has_its_outcome(String verb) {
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
                    .contains("saga " + over.sagaId() + " is " + over.status() + " already")
                    .doesNotContain("\tat ");
            assertThat(late.out()).isEmpty();
            assertThat(service.journal().operatorCommand(over.sagaId())).isEmpty();
        }
        assertThat(service.journal().sagas(9))
                .extracting(SagaRecord::state)
                .contains(SagaState.COMPLETED, SagaState.COMPENSATED);
    }
}
