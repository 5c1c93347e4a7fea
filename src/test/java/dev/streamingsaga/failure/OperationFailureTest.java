package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertCompensated;
import static dev.streamingsaga.failure.Aftermath.assertNextFileCompletes;
import static dev.streamingsaga.failure.Aftermath.assertNothingLeft;
import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.embedded.CoordinatorProcess;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal.Wish;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.testkit.EmbeddingServer;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FP-35 to FP-42: time limits, people, coordinators, disks and other processes in the way of a saga. */
@Timeout(120)
class OperationFailureTest {
    private static final Predicate<ProxiedRequest> BEGIN = method("POST").and(keyEndsWith("/start"));
    private static final Predicate<ProxiedRequest> JOIN =
            method("PUT").and(keyEndsWith("/close").negate()).and(keyEndsWith("/cancel").negate());

    @TempDir
    Path directory;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private StreamingSagaFixture saga;

    private void start(String... settings) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of("saga.chunk.parallelism", "1"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        saga = opened(StreamingSagaFixture.start(directory, all));
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    @AfterEach
    void stop() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    private Path threeChunks() {
        return saga.file("three.bin", 2L * CHUNK + 1000);
    }

    private static Predicate<ProxiedRequest> put(int chunk) {
        return method("PUT").and(keyEndsWith("/chunk-%06d".formatted(chunk)));
    }

    /** A saga whose second chunk is on its way and stays so until {@code release} is opened. */
    private Interrupted.UnderWay uploading(CountDownLatch release) throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        saga.s3().when(put(1)).beforeForward(() -> {
            reached.countDown();
            release.await();
        });
        return Interrupted.begin(saga, threeChunks(), reached);
    }

    // FP-35

    @Test
    void fp_35_time_limit_passes_while_a_store_blocks() throws Exception {
        start("saga.time-limit", "4s", "saga.store.relational.timeout", "60s", "saga.compensation.step-timeout", "2s",
                "saga.compensation.retry-delay", "500ms", "saga.compensation.max-attempts", "100");
        saga.ingest(saga.file("warm.bin", 1000));
        IngestResult result;
        try (Connection blocker = DriverManager.getConnection("jdbc:sqlite:" + saga.data().resolve("relational.db"))) {
            blocker.createStatement().execute("BEGIN IMMEDIATE");
            Path file = threeChunks();
            CountDownLatch now = new CountDownLatch(0);
            Interrupted.UnderWay running = Interrupted.begin(saga, file, now);
            await().atMost(60, TimeUnit.SECONDS).until(() -> saga.journal().sagas(1).get(0).reason().isPresent());
            blocker.createStatement().execute("ROLLBACK");
            result = running.result();
        }
        await().atMost(30, TimeUnit.SECONDS).until(() -> saga.journal().saga(result.sagaId()).orElseThrow().state() == SagaState.COMPENSATED);

        assertThat(result.reason()).isEqualTo("TIMEOUT");
        assertThat(saga.keys()).as("only the first file's").hasSize(2);
        assertThat(saga.number("relational", "SELECT count(*) FROM relational_document WHERE saga_id = '" + result.sagaId() + "'")).isZero();
        assertThat(saga.number("vector", "SELECT count(*) FROM vector_document WHERE saga_id = '" + result.sagaId() + "'")).isZero();
    }

    // FP-36

    @Test
    void fp_36_cancelled_while_uploading() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);

        saga.journal().wish(running.sagaId(), Wish.CANCEL);
        running.awaitState(SagaState.COMPENSATING);
        release.countDown();

        IngestResult result = running.result();
        assertThat(saga.s3().count(put(2))).as("sent after the cancel").isZero();
        assertNothingLeft(saga, result, Reason.CANCELLED);
    }

    @Test
    void fp_36_cancelled_while_embedding() throws Exception {
        EmbeddingServer model = opened(new EmbeddingServer());
        start(model.settings().entrySet().stream().flatMap(e -> Stream.of(e.getKey(), e.getValue())).toArray(String[]::new));
        Interrupted.UnderWay running = Interrupted.begin(saga, saga.text("keeper.txt", 60), model.holdAfter(4));

        saga.journal().wish(running.sagaId(), Wish.CANCEL);
        running.awaitState(SagaState.COMPENSATING);
        model.release();

        assertNothingLeft(saga, running.result(), Reason.CANCELLED);
    }

    @Test
    void fp_36_paused_by_wish_and_resumed_by_wish() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);

        saga.journal().wish(running.sagaId(), Wish.PAUSE);
        running.awaitState(SagaState.PAUSED);
        release.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        assertThat(saga.keys()).as("what is written stays").isNotEmpty();
        saga.journal().wish(running.sagaId(), Wish.RESUME);
        running.awaitState(SagaState.COMPLETED);

        Interrupted paused = new Interrupted(saga, running.sagaId());
        await().until(() -> saga.journal().saga(running.sagaId()).orElseThrow().published());
        assertStored(saga, paused.result(), Original.of(directory.resolve("in/three.bin")));
        assertThat(paused.result().runs()).isEqualTo(2);
        assertThat(saga.s3().count(put(0))).isOne();
    }

    @Test
    void fp_36_paused_and_then_cancelled() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted paused = Interrupted.stop(uploading(release), release::countDown);
        assertThat(saga.keys()).isNotEmpty();

        saga.journal().wish(paused.sagaId(), Wish.CANCEL);
        await().until(() -> saga.journal().saga(paused.sagaId()).orElseThrow().state().isFinal());

        assertNothingLeft(saga, paused.result(), Reason.CANCELLED);
    }

    // FP-37; close and cancel: CoordinatorEndTest

    private FaultProxy startBehindProxy() throws IOException {
        FaultProxy coordinator = opened(new FaultProxy(StreamingSagaFixture.coordinator()));
        start("saga.coordinator.url", coordinator.uri() + StreamingSagaFixture.coordinator().getPath(), "saga.coordinator.timeout", "2s");
        return coordinator;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fp_37_the_coordinator_is_unreachable_or_hangs_at_begin(boolean hangs) throws Exception {
        FaultProxy coordinator = startBehindProxy();
        FaultRule fault = hangs ? coordinator.when(BEGIN).always().hang() : coordinator.when(BEGIN).always().refuse();

        IngestResult result = saga.ingest(threeChunks());

        assertThat(fault.applied()).isPositive();
        assertThat(result.message()).contains("coordinator", "nothing was");
        assertThat(saga.s3().count(method("PUT").and(keyContains("/saga/")))).isZero();
        coordinator.clearRules();
        assertNothingLeft(saga, result, Reason.COORDINATOR_UNAVAILABLE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fp_37_the_coordinator_is_unreachable_or_hangs_at_join(boolean hangs) throws Exception {
        FaultProxy coordinator = startBehindProxy();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);
        FaultRule fault = hangs ? coordinator.when(JOIN).always().hang() : coordinator.when(JOIN).always().refuse();
        release.countDown();

        IngestResult result = running.result();

        assertThat(fault.applied()).isPositive();
        assertThat(result.message()).contains("join", "the step was not begun");
        coordinator.clearRules();
        assertNothingLeft(saga, result, Reason.COORDINATOR_UNAVAILABLE);
    }

    @Test
    void fp_37_the_coordinator_is_gone_for_good_in_the_middle() throws Exception {
        FaultProxy coordinator = startBehindProxy();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);
        coordinator.down();
        release.countDown();

        IngestResult result = running.result();

        assertCompensated(saga, result, Reason.COORDINATOR_UNAVAILABLE);
        saga.assertNothingAnywhere();
        coordinator.up();
        assertNextFileCompletes(saga);
    }

    // FP-38

    @Test
    void fp_38_the_coordinator_lost_its_store() throws Exception {
        Path store = Files.createDirectories(directory.resolve("coordinator-data"));
        CoordinatorProcess first = opened(CoordinatorProcess.start(store));
        start("saga.coordinator.url", first.url().toString(), "saga.coordinator.timeout", "3s");
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);

        first.kill();
        try (Stream<Path> files = Files.walk(store.resolve("coordinator/store"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        CoordinatorProcess second = opened(CoordinatorProcess.start(store));
        assertThat(second.url()).as("the same address, without memory").isEqualTo(first.url());
        release.countDown();

        assertNothingLeft(saga, running.result(), Reason.COORDINATOR_UNAVAILABLE);
    }

    // FP-40

    @Test
    void fp_40_the_journals_disk_is_full() throws Exception {
        Path disk = Files.createDirectories(directory.resolve("small"));
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk.toString()).redirectErrorStream(true).start();
        mount.getInputStream().readAllBytes();
        Assumptions.assumeTrue(mount.waitFor() == 0, "SKIPPED: only root can mount a small file system for a full disk");
        open.push(() -> new ProcessBuilder("umount", "-l", disk.toString()).start().waitFor());
        start("saga.journal.url", "jdbc:sqlite:" + disk.resolve("journal.db"), "saga.journal.timeout", "2s", "saga.recovery.lease", "2s");
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);
        Path filler = disk.resolve("filler");
        fill(filler);
        release.countDown();

        assertThatThrownBy(running::result).hasRootCauseMessage("[SQLITE_FULL] Insertion failed because database is full (database or disk is full)");

        assertThat(saga.s3().count(put(2))).as("sent without being recorded").isZero();
        saga.assertNoStoreTouched();
        Files.delete(filler);
        await().atMost(60, TimeUnit.SECONDS).until(() -> running.record().state().isFinal() && running.record().published());
        assertStored(saga, saga.application().bundle().ingest().result(running.sagaId()), Original.of(directory.resolve("in/three.bin")));
        assertNextFileCompletes(saga);
    }

    private static void fill(Path filler) throws IOException {
        try (var out = Files.newOutputStream(filler)) {
            byte[] page = new byte[4096];
            while (true) {
                out.write(page);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    // FP-42

    @ParameterizedTest
    @ValueSource(strings = {"compensate", "complete"})
    void fp_42_a_late_callback_of_an_older_run_changes_nothing(String callback) throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted stopped = Interrupted.stop(uploading(release), release::countDown);
        String oldLra = saga.journal().saga(stopped.sagaId()).orElseThrow().lraId().orElseThrow();
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        saga.s3().when(put(2)).beforeForward(() -> {
            reached.countDown();
            second.await();
        });
        var end = saga.application().bundle().recovery().resume(saga.journal().saga(stopped.sagaId()).orElseThrow());
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();

        assertThat(call(callback, stopped.sagaId(), oldLra)).as("while the second run is under way").isEqualTo(200);
        assertThat(saga.journal().saga(stopped.sagaId()).orElseThrow().state()).isEqualTo(SagaState.UPLOADING);
        second.countDown();
        assertThat(end.orTimeout(60, TimeUnit.SECONDS).join()).isEqualTo(SagaState.COMPLETED);
        assertThat(call(callback, stopped.sagaId(), oldLra)).as("after the second run").isEqualTo(200);

        assertStored(saga, stopped.result(), Original.of(directory.resolve("in/three.bin")));
        assertNextFileCompletes(saga);
    }

    /** As the coordinator calls, with the first run's token. */
    private int call(String callback, String sagaId, String lra) throws Exception {
        String port = Files.readAllLines(saga.data().resolve("callback.port")).get(0).strip();
        CallbackToken tokens = CallbackToken.open(saga.data(), "");
        String token = tokens.issue(new CallbackToken.Target(sagaId, 1, callback.equals("compensate") ? "participant-upload" : "run"));
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/lra-participant/" + callback + "?saga=" + token))
                .header("Long-Running-Action", lra).PUT(HttpRequest.BodyPublishers.noBody()).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    // The source's lock

    @Test
    void a_file_that_another_process_writes_is_busy() throws Exception {
        start();
        Path file = threeChunks();
        try (FileHolder holder = FileHolder.lock(file)) {
            IngestResult result = saga.ingest(file);

            assertThat(result.message()).contains("locked by another process", file.toString());
            assertThat(saga.s3().count(method("PUT").and(keyContains("/saga/")))).isZero();
            assertNothingLeft(saga, result, Reason.SOURCE_BUSY);
        }
        assertThat(saga.ingest(file).status()).isEqualTo("COMPLETED");
    }

    @Test
    void a_file_that_another_process_locks_in_the_middle_is_busy() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);
        IngestResult result;
        // A chunk's reader has closed the file, and with it the lock was lost: the next side effect finds out.
        try (FileHolder holder = FileHolder.lock(directory.resolve("in/three.bin"))) {
            release.countDown();
            result = running.result();
        }
        assertThat(saga.s3().count(put(2))).isZero();
        assertNothingLeft(saga, result, Reason.SOURCE_BUSY);
    }

    // Clean-up

    @Test
    void a_residue_vanishes_by_itself_when_the_store_is_back() throws Exception {
        start("saga.compensation.retry-delay", "500ms");
        FaultRule refusal = saga.s3().when(method("DELETE")).always().answer(500, "InternalError");
        LateFailure failed = LateFailure.of(saga, threeChunks());
        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(failed.failedCleanups()).isNotEmpty();
        assertThat(saga.keys()).hasSize(3);

        refusal.remove();
        await().atMost(30, TimeUnit.SECONDS).until(() -> failed.state() == SagaState.COMPENSATED);

        await().untilAsserted(failed::assertCompensatedAfterAll);
        assertNextFileCompletes(saga);
    }

    @Test
    void a_residue_is_blocked_after_the_last_attempt_and_removed_when_a_person_says_so() throws Exception {
        start("saga.compensation.retry-delay", "300ms", "saga.compensation.max-attempts", "3");
        FaultRule refusal = saga.s3().when(method("DELETE")).always().answer(500, "InternalError");
        LateFailure failed = LateFailure.of(saga, threeChunks());
        await().atMost(30, TimeUnit.SECONDS).until(() -> failed.open().stream().allMatch(entry -> entry.state() == CleanupEntry.State.BLOCKED));
        assertThat(failed.open()).hasSize(3).allMatch(entry -> entry.attempts() == 3 && !entry.lastError().isBlank());
        refusal.remove();
        long asked = saga.s3().count(method("DELETE"));
        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);

        List<CleanupEntry> left = saga.application().bundle().engine().retry(failed.open().get(0));

        assertThat(left).isEmpty();
        assertThat(saga.s3().count(method("DELETE"))).as("one attempt for all keys of the step").isEqualTo(asked + 3);
        failed.assertCompensatedAfterAll();
        assertNextFileCompletes(saga);
    }
}
