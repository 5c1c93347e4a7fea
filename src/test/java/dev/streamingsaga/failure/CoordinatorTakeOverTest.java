package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertCompensated;
import static dev.streamingsaga.failure.Aftermath.assertNothingLeft;
import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.EmbeddingServer;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A saga that a former process left unfinished: how the next process ends the LRA of the former run, and that it can
 * compensate without a coordinator.
 */
@Tag("one-jdk")
@Timeout(120)
class CoordinatorTakeOverTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch held = new CountDownLatch(1);
    private FaultProxy coordinator;
    private EmbeddingServer model;
    private StreamingSagaFixture saga;

    private void start(String mode) throws IOException {
        coordinator = new FaultProxy(StreamingSagaFixture.coordinator());
        model = new EmbeddingServer();
        Map<String, String> settings = new HashMap<>(model.settings());
        settings.putAll(Map.of(
                "saga.coordinator.url",
                coordinator.uri() + StreamingSagaFixture.coordinator().getPath(),
                "saga.coordinator.timeout",
                "5s",
                "saga.chunk.parallelism",
                "1",
                "saga.recovery.mode",
                mode));
        saga = StreamingSagaFixture.start(directory, settings);
    }

    @AfterEach
    void stop() {
        held.countDown();
        saga.close();
        coordinator.close();
        model.close();
    }

    /** The saga that the stopped process left, with its LRA still open. */
    private record Left(Original file, String sagaId, String lra) {}

    /** Begins a saga and stops the process in the middle of an upload or of an embedding request. */
    private Left leave(SagaState state) throws Exception {
        boolean uploading = state == SagaState.UPLOADING;
        Original file =
                Original.of(uploading ? saga.file("three.bin", 2L * CHUNK + 1000) : saga.text("keeper.txt", 60));
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).beforeForward(() -> {
            reached.countDown();
            held.await();
        });
        CountDownLatch there = uploading ? reached : model.holdAfter(4);
        Background.run("ingest", () -> saga.ingest(file.path()));
        assertThat(there.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("reached")
                .isTrue();
        SagaRecord begun = saga.journal().sagas().newest(1).get(0);
        saga.stop(() -> {
            held.countDown();
            model.release();
        });
        assertThat(saga.column("journal", "SELECT state FROM saga")).containsExactly(state.name());
        return new Left(file, begun.sagaId(), begun.lraId().orElseThrow());
    }

    /** Starts the next process and waits for the outcome of the saga. */
    private IngestResult restart(Left left) {
        saga.restart();
        return saga.awaitOutcome(left.sagaId());
    }

    /** The status of an LRA at the coordinator: Active, Cancelled and so on; 404 if it does not know the LRA. */
    private static String ask(String method, String uri) throws Exception {
        HttpRequest request = CoordinatorSettings.request(URI.create(uri))
                .timeout(PATIENCE)
                .method(method, BodyPublishers.noBody())
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        return response.statusCode() == 200 ? response.body() : String.valueOf(response.statusCode());
    }

    @ParameterizedTest
    @CsvSource({
        "resume, UPLOADING, false",
        "resume, PROCESSING, true",
        "compensate, UPLOADING, true",
        "compensate, PROCESSING, false"
    })
    void fp_37_the_coordinator_is_gone_for_good_or_hangs_when_a_saga_is_taken_over(
            String mode, SagaState state, boolean hangs) throws Exception {
        start(mode);
        Left left = leave(state);
        FaultRule silence = coordinator.when(request -> hangs).always().hang();
        if (!hangs) {
            coordinator.down();
        }

        IngestResult result = restart(left);

        Reason reason = mode.equals("resume") ? Reason.COORDINATOR_UNAVAILABLE : Reason.CANCELLED;
        assertCompensated(saga, result, reason);
        assertThat(result.runs()).isEqualTo(2);
        saga.assertNothingAnywhere();
        left.file().assertUntouched();
        await().atMost(PATIENCE).until(() -> silence.applied() > 0 == hangs);
        coordinator.clearRules();
        coordinator.up();
        assertThat(ask("PUT", left.lra() + "/cancel"))
                .as("it received no request, and calls back late")
                .startsWith("Cancel");
        assertNothingLeft(saga, result, reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"resume", "compensate"})
    void cancels_the_former_runs_lra(String mode) throws Exception {
        start(mode);
        Left left = leave(SagaState.UPLOADING);
        Predicate<ProxiedRequest> cancel =
                method("PUT").and(keyEndsWith(URI.create(left.lra()).getPath() + "/cancel"));
        assertThat(coordinator.count(cancel)).isZero();
        assertThat(ask("GET", left.lra() + "/status")).isEqualTo("Active");

        IngestResult result = restart(left);

        await().atMost(PATIENCE).until(() -> Set.of("Cancelled", "404").contains(ask("GET", left.lra() + "/status")));
        assertThat(coordinator.count(cancel)).isPositive();
        if (mode.equals("resume")) {
            assertThat(saga.journal()
                            .sagas()
                            .find(left.sagaId())
                            .orElseThrow()
                            .lraId()
                            .orElseThrow())
                    .isNotEqualTo(left.lra());
            assertThat(result.runs()).isEqualTo(2);
            assertStored(saga, result, left.file());
        } else {
            assertNothingLeft(saga, result, Reason.CANCELLED);
        }
    }
}
