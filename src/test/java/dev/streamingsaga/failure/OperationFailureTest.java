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

import dev.streamingsaga.Internals;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.FetchResult;
import dev.streamingsaga.embedded.CoordinatorProcess;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.EmbeddingServer;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.model.S3Object;

/** FP-35 to FP-42: sagas that meet time limits, operators, failing coordinators, full disks and other processes. */
@Tag("one-jdk")
@Timeout(120)
class OperationFailureTest {
    private static final Predicate<ProxiedRequest> BEGIN = method("POST").and(keyEndsWith("/start"));
    private static final Predicate<ProxiedRequest> JOIN = method("PUT")
            .and(keyEndsWith("/close").negate())
            .and(keyEndsWith("/cancel").negate());

    @TempDir
    Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

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

    /** A saga whose second chunk is held in front of the bucket until {@code release} opens. */
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
        start(
                "saga.time-limit",
                "4s",
                "saga.store.relational.timeout",
                "60s",
                "saga.compensation.step-timeout",
                "2s",
                "saga.compensation.retry-delay",
                "500ms",
                "saga.compensation.max-attempts",
                "100");
        saga.ingest(saga.file("warm.bin", 1000));
        IngestResult result;
        try (Connection blocker =
                DriverManager.getConnection("jdbc:sqlite:" + saga.data().resolve("relational.db"))) {
            blocker.createStatement().execute("BEGIN IMMEDIATE");
            Path file = threeChunks();
            CountDownLatch now = new CountDownLatch(0);
            Interrupted.UnderWay running = Interrupted.begin(saga, file, now);
            await().atMost(60, TimeUnit.SECONDS)
                    .until(() ->
                            saga.journal().sagas().newest(1).get(0).reason().isPresent());
            blocker.createStatement().execute("ROLLBACK");
            result = running.result();
        }
        await().atMost(30, TimeUnit.SECONDS)
                .until(() -> saga.journal()
                                .sagas()
                                .find(result.sagaId())
                                .orElseThrow()
                                .state()
                        == SagaState.COMPENSATED);

        assertThat(result.reason()).isEqualTo("TIMEOUT");
        assertThat(saga.keys()).as("only the first file's").hasSize(2);
        assertThat(saga.number(
                        "relational",
                        "SELECT count(*) FROM relational_document WHERE saga_id = '" + result.sagaId() + "'"))
                .isZero();
        assertThat(saga.number(
                        "vector", "SELECT count(*) FROM vector_document WHERE saga_id = '" + result.sagaId() + "'"))
                .isZero();
    }

    // FP-36

    @Test
    void fp_36_cancelled_while_uploading() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);

        saga.journal().commands().request(running.sagaId(), OperatorCommand.CANCEL);
        running.awaitState(SagaState.COMPENSATING);
        release.countDown();

        IngestResult result = running.result();
        assertThat(saga.s3().count(put(2))).as("sent after the cancellation").isZero();
        assertNothingLeft(saga, result, Reason.CANCELLED);
    }

    @Test
    void fp_36_cancelled_while_embedding() throws Exception {
        EmbeddingServer model = opened(new EmbeddingServer());
        start(model.settings().entrySet().stream()
                .flatMap(e -> Stream.of(e.getKey(), e.getValue()))
                .toArray(String[]::new));
        Interrupted.UnderWay running = Interrupted.begin(saga, saga.text("keeper.txt", 60), model.holdAfter(4));

        saga.journal().commands().request(running.sagaId(), OperatorCommand.CANCEL);
        running.awaitState(SagaState.COMPENSATING);
        model.release();

        assertNothingLeft(saga, running.result(), Reason.CANCELLED);
    }

    @Test
    void fp_36_paused_and_resumed_by_an_operator() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);

        saga.journal().commands().request(running.sagaId(), OperatorCommand.PAUSE);
        running.awaitState(SagaState.PAUSED);
        release.countDown();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        assertThat(saga.keys()).as("nothing is removed").isNotEmpty();
        saga.journal().commands().request(running.sagaId(), OperatorCommand.RESUME);
        running.awaitState(SagaState.COMPLETED);

        Interrupted paused = new Interrupted(saga, running.sagaId());
        await().until(() ->
                saga.journal().sagas().find(running.sagaId()).orElseThrow().published());
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

        saga.journal().commands().request(paused.sagaId(), OperatorCommand.CANCEL);
        await().until(() -> saga.journal()
                .sagas()
                .find(paused.sagaId())
                .orElseThrow()
                .state()
                .isFinal());

        assertNothingLeft(saga, paused.result(), Reason.CANCELLED);
    }

    /**
     * A write of the first run is still in progress when the second run is cancelled. The compensation waits for it and
     * removes it, too.
     */
    @Test
    void fp_36_paused_resumed_and_cancelled_during_a_write_of_the_first_run() throws Exception {
        start("saga.s3.timeout", "60s", "saga.compensation.step-timeout", "60s");
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay first = uploading(release);
        SagaEngine engine = Internals.engine(saga.application().bundle());
        assertThat(engine.pause(first.sagaId())).isTrue();
        CompletableFuture<SagaState> second =
                Internals.recovery(saga.application().bundle()).resume(first.record());
        assertThat(first.record().run()).isEqualTo(2);

        CompletableFuture<SagaState> cancelled = engine.cancel(first.sagaId());
        await().until(() -> cancelled.isDone() || isWaitedFor());
        assertThat(cancelled).as("a write of run 1 is still in progress").isNotDone();
        assertThat(first.record().state()).isEqualTo(SagaState.COMPENSATING);
        release.countDown();

        assertThat(cancelled.get(60, TimeUnit.SECONDS)).isEqualTo(SagaState.COMPENSATED);
        second.get(60, TimeUnit.SECONDS);
        await().until(() -> saga.s3().requestsInProgress() == 0);
        assertThat(saga.s3().count(put(2))).as("sent after the pause").isZero();
        assertNothingLeft(saga, new Interrupted(saga, first.sagaId()).result(), Reason.CANCELLED);
    }

    /** A compensation waits for an open permit. */
    private static boolean isWaitedFor() {
        return Thread.getAllStackTraces().values().stream()
                .map(List::of)
                .anyMatch(frames ->
                        frames.stream().anyMatch(frame -> frame.getMethodName().equals("awaitNanos"))
                                && frames.stream()
                                        .anyMatch(frame -> frame.getClassName().endsWith("saga.Compensator")));
    }

    // Settings that change between two runs

    @Test
    void resumes_in_the_bucket_where_it_began_even_if_another_is_configured() throws Exception {
        start();
        CountDownLatch release = new CountDownLatch(1);
        Interrupted paused = Interrupted.stop(uploading(release), release::countDown);
        saga.restart(MOVED);

        IngestResult result = paused.resume();

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(result.resumedBytes()).as("found in the first bucket").isPositive();
        assertThat(result.stores()).containsEntry("upload", 3L);
        assertThat(saga.keys()).hasSize(4).allMatch(key -> key.startsWith("saga/"));
        assertThat(keysIn("other-bucket")).isEmpty();
        assertThat(Internals.documentCheck(saga.application().bundle())
                        .check(saga.journal().sagas().find(result.sagaId()).orElseThrow(), true))
                .isEmpty();
        FetchResult fetched = new ChunkStore(saga.config(), saga.bucket())
                .in(StreamingSagaFixture.BUCKET)
                .fetch("saga/" + result.documentId() + "/" + result.sagaId() + "/", OutputStream.nullOutputStream());
        assertThat(fetched.sha256()).isEqualTo(result.sha256());
    }

    @Test
    void removes_residue_from_its_bucket_even_if_another_is_configured() throws Exception {
        start("saga.compensation.retry-delay", "1h");
        FaultRule refusal = saga.s3().when(method("DELETE")).always().answer(500, "InternalError");
        LateFailure failed = LateFailure.of(saga, threeChunks());
        assertThat(failed.open()).hasSize(3);
        refusal.remove();
        saga.restart(MOVED);

        assertThat(Internals.engine(saga.application().bundle())
                        .retry(failed.open().get(0)))
                .isEmpty();

        failed.assertFullyCompensated();
        IngestResult next = saga.ingest(saga.file("next.bin", 1000));
        assertThat(next.status()).isEqualTo("COMPLETED");
        assertThat(keysIn("other-bucket"))
                .as("new documents go to the configured bucket")
                .hasSize(3)
                .allMatch(key -> key.startsWith("docs/"));
        assertThat(saga.keys()).isEmpty();
    }

    private static final Map<String, String> MOVED =
            Map.of("saga.s3.bucket", "other-bucket", "saga.chunk.prefix", "docs");

    private List<String> keysIn(String bucket) {
        return saga.bucket().listObjectsV2(r -> r.bucket(bucket)).contents().stream()
                .map(S3Object::key)
                .toList();
    }

    // Text from an operator's route

    /**
     * A path from outside may be any text. No file has such a name, and the caller gets the same outcome as for any
     * missing file.
     */
    @Test
    void text_that_cannot_be_a_path_has_an_outcome_too() throws Exception {
        Path delivered = directory.resolve("delivered");
        Path asked = Files.createDirectories(directory.resolve("asked"));
        Files.writeString(
                Files.createDirectories(directory.resolve("routes")).resolve("names.camel.yaml"),
                """
                - route:
                    id: names
                    from:
                      uri: file:%s
                      steps:
                        - convertBodyTo:
                            type: java.lang.String
                        - to:
                            uri: direct:saga-ingest
                        - setBody:
                            simple: "${body.status} ${body.reason} ${body.message}"
                        - to:
                            uri: file:%s?fileName=outcome.txt&doneFileName=done
                """.formatted(asked, delivered));
        start();
        Files.writeString(asked.resolve("name"), "in/two\0words.bin");

        await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(delivered.resolve("done")));

        assertThat(Files.readString(delivered.resolve("outcome.txt")))
                .startsWith("COMPENSATED FILE_NOT_FOUND")
                .contains("two?words.bin (no path");
        assertThat(saga.keys()).isEmpty();
    }

    // Documents that cannot become visible, alerts that cannot be delivered

    @Test
    void a_completed_document_that_stays_invisible_is_reported_and_becomes_visible_later() throws Exception {
        Path delivered = directory.resolve("delivered");
        Files.writeString(
                Files.createDirectories(directory.resolve("routes")).resolve("alert.camel.yaml"),
                """
                - route:
                    id: saga-alert
                    from:
                      uri: direct:saga-alert
                      steps:
                        - setBody:
                            simple: "${body[severity]} ${body[type]} ${body[message]}"
                        - to:
                            uri: file:%s?fileName=alert.txt&doneFileName=done
                """.formatted(delivered));
        start("saga.compensation.retry-delay", "200ms");
        saga.execute(
                "graph",
                "CREATE TRIGGER refuse BEFORE UPDATE OF visible ON graph_document BEGIN SELECT RAISE(ABORT, 'hidden"
                        + " on purpose'); END");

        IngestResult result = saga.ingest(saga.text("keeper.txt", 20));
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> saga.report("critical_failures.json").size() == 1);

        assertThat(saga.report("critical_failures.json").get(0))
                .contains(result.sagaId())
                .contains("graph")
                .contains("hidden on purpose");
        await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(delivered.resolve("done")));
        assertThat(Files.readString(delivered.resolve("alert.txt")))
                .startsWith("CRITICAL NOT_VISIBLE")
                .contains("hidden on purpose");
        assertThat(saga.report("rollback_alerts.json"))
                .as("nothing was rolled back")
                .isEmpty();
        assertThat(saga.number("journal", "SELECT publish_attempts FROM saga")).isGreaterThanOrEqualTo(3);

        saga.execute("graph", "DROP TRIGGER refuse");
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> saga.journal()
                        .sagas()
                        .find(result.sagaId())
                        .orElseThrow()
                        .published());
        assertThat(saga.number("graph", "SELECT visible FROM graph_document")).isOne();
        assertThat(saga.report("critical_failures.json")).as("reported once").hasSize(1);
    }

    /** The journal records both or neither, and the next start writes the reports from the journal. */
    @Test
    void an_alert_is_not_lost_between_the_outcome_and_the_reports() throws Exception {
        start("saga.recovery.lease", "2s", "saga.compensation.retry-delay", "1h");
        saga.s3().when(method("DELETE")).always().answer(500, "InternalError");
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).always().answer(403, "AccessDenied");
        saga.execute(
                "journal",
                "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN new.kind = 'ALERT' BEGIN SELECT RAISE(ABORT,"
                        + " 'refused on purpose'); END");
        assertThatThrownBy(() -> saga.ingest(threeChunks()))
                .hasStackTraceContaining("journal does not accept its outcome");
        String sagaId = saga.journal().sagas().newest(1).get(0).sagaId();
        assertThat(saga.journal().sagas().find(sagaId).orElseThrow().state())
                .as("no outcome without its alert")
                .isEqualTo(SagaState.COMPENSATING);

        saga.execute("journal", "DROP TRIGGER refuse");
        await().atMost(60, TimeUnit.SECONDS)
                .until(() ->
                        saga.journal().sagas().find(sagaId).orElseThrow().state() == SagaState.PARTIALLY_COMPENSATED);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> saga.report("rollback_alerts.json").size() == 1);
        List<String> alert = saga.report("rollback_alerts.json");
        for (String report : List.of("rollback_alerts.json", "failed_cleanups.json", "critical_failures.json")) {
            Files.delete(saga.data().resolve("reports").resolve(report));
        }

        saga.restart();

        assertThat(saga.report("rollback_alerts.json"))
                .isEqualTo(alert)
                .first()
                .asString()
                .contains("PARTIAL_ROLLBACK", sagaId);
        assertThat(saga.report("failed_cleanups.json")).hasSize(1);
    }

    @Test
    void an_undelivered_alert_is_delivered_once_by_a_later_start() throws Exception {
        Path delivered = directory.resolve("delivered");
        Files.writeString(delivered, "in the way: the route can't make its folder");
        Files.writeString(
                Files.createDirectories(directory.resolve("routes")).resolve("alert.camel.yaml"),
                """
                - route:
                    id: saga-alert
                    from:
                      uri: direct:saga-alert
                      steps:
                        - setBody:
                            simple: "${body[type]} ${body[sagaId]}"
                        - to: file:%s?fileName=alert.txt&fileExist=Append
                """.formatted(delivered));
        // The journal is embedded, so the next process knows that no other process uses it.
        start("saga.compensation.retry-delay", "1h");
        saga.s3().when(method("DELETE").or(method("POST"))).always().answer(403, "AccessDenied");
        LateFailure failed = LateFailure.of(saga, threeChunks());
        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(saga.number("journal", "SELECT count(*) FROM event WHERE kind = 'ALERT' AND told_at IS NULL"))
                .isPositive();

        saga.restart(() -> {
            try {
                Files.delete(delivered);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        await().atMost(60, TimeUnit.SECONDS)
                .until(() ->
                        saga.number("journal", "SELECT count(*) FROM event WHERE kind = 'ALERT' AND told_at IS NULL")
                                == 0);
        String once = Files.readString(delivered.resolve("alert.txt"));
        assertThat(once).contains("PARTIAL_ROLLBACK " + failed.sagaId());
        saga.restart();
        assertThat(Files.readString(delivered.resolve("alert.txt")))
                .as("reported once")
                .isEqualTo(once);
    }

    // FP-37; close and cancel: CoordinatorEndTest

    private FaultProxy startBehindProxy() throws IOException {
        FaultProxy coordinator = opened(new FaultProxy(StreamingSagaFixture.coordinator()));
        start(
                "saga.coordinator.url",
                coordinator.uri() + StreamingSagaFixture.coordinator().getPath(),
                "saga.coordinator.timeout",
                "2s");
        return coordinator;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fp_37_the_coordinator_is_unreachable_or_hangs_at_begin(boolean hangs) throws Exception {
        FaultProxy coordinator = startBehindProxy();
        FaultRule fault = hangs
                ? coordinator.when(BEGIN).always().hang()
                : coordinator.when(BEGIN).always().refuse();

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
        FaultRule fault = hangs
                ? coordinator.when(JOIN).always().hang()
                : coordinator.when(JOIN).always().refuse();
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
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString())
                .redirectErrorStream(true)
                .start();
        mount.getInputStream().readAllBytes();
        Assumptions.assumeTrue(
                mount.waitFor() == 0, "SKIPPED: only root can mount a small file system for a full disk");
        open.push(() ->
                new ProcessBuilder("umount", "-l", disk.toString()).start().waitFor());
        start(
                "saga.journal.url",
                "jdbc:sqlite:" + disk.resolve("journal.db"),
                "saga.journal.timeout",
                "2s",
                "saga.recovery.lease",
                "2s");
        CountDownLatch release = new CountDownLatch(1);
        Interrupted.UnderWay running = uploading(release);
        Path filler = disk.resolve("filler");
        fill(filler);
        release.countDown();

        assertThatThrownBy(running::result)
                .hasRootCauseMessage(
                        "[SQLITE_FULL] Insertion failed because database is full (database or disk is full)");

        assertThat(saga.s3().count(put(2))).as("sent without being recorded").isZero();
        saga.assertNoStoreTouched();
        Files.delete(filler);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() ->
                        running.record().state().isFinal() && running.record().published());
        assertStored(
                saga,
                Internals.ingest(saga.application().bundle()).result(running.sagaId()),
                Original.of(directory.resolve("in/three.bin")));
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
        String oldLra = saga.journal()
                .sagas()
                .find(stopped.sagaId())
                .orElseThrow()
                .lraId()
                .orElseThrow();
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        saga.s3().when(put(2)).beforeForward(() -> {
            reached.countDown();
            second.await();
        });
        var end = Internals.recovery(saga.application().bundle())
                .resume(saga.journal().sagas().find(stopped.sagaId()).orElseThrow());
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();

        assertThat(call(callback, stopped.sagaId(), oldLra))
                .as("during the second run")
                .isEqualTo(200);
        assertThat(saga.journal().sagas().find(stopped.sagaId()).orElseThrow().state())
                .isEqualTo(SagaState.UPLOADING);
        second.countDown();
        assertThat(end.orTimeout(60, TimeUnit.SECONDS).join()).isEqualTo(SagaState.COMPLETED);
        assertThat(call(callback, stopped.sagaId(), oldLra))
                .as("after the second run")
                .isEqualTo(200);

        assertStored(saga, stopped.result(), Original.of(directory.resolve("in/three.bin")));
        assertNextFileCompletes(saga);
    }

    /** Calls back as the coordinator does, with the token of the first run. */
    private int call(String callback, String sagaId, String lra) throws Exception {
        String port =
                Files.readAllLines(saga.data().resolve("callback.port")).get(0).strip();
        CallbackToken tokens = CallbackToken.open(saga.data(), "");
        String token = tokens.issue(
                new CallbackToken.Target(sagaId, 1, callback.equals("compensate") ? "participant-upload" : "run"));
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/lra-participant/" + callback + "?saga=" + token))
                .header("Long-Running-Action", lra)
                .PUT(HttpRequest.BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    // The source's lock

    @Test
    void a_file_that_another_process_writes_is_busy() throws Exception {
        start();
        Path file = threeChunks();
        try (FileHolder holder = FileHolder.lock(file)) {
            IngestResult result = saga.ingest(file);

            assertThat(result.message()).contains("locked by another process", file.toString());
            assertThat(saga.s3().count(method("PUT").and(keyContains("/saga/"))))
                    .isZero();
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
        // Closing a chunk's reader released the lock: the next side effect detects it.
        try (FileHolder holder = FileHolder.lock(directory.resolve("in/three.bin"))) {
            release.countDown();
            result = running.result();
        }
        assertThat(saga.s3().count(put(2))).isZero();
        assertNothingLeft(saga, result, Reason.SOURCE_BUSY);
    }

    // Clean-up

    @Test
    void residue_is_removed_automatically_when_the_store_is_back() throws Exception {
        start("saga.compensation.retry-delay", "500ms");
        FaultRule refusal = saga.s3().when(method("DELETE")).always().answer(500, "InternalError");
        LateFailure failed = LateFailure.of(saga, threeChunks());
        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(failed.failedCleanups()).isNotEmpty();
        assertThat(saga.keys()).hasSize(3);

        refusal.remove();
        await().atMost(30, TimeUnit.SECONDS).until(() -> failed.state() == SagaState.COMPENSATED);

        await().untilAsserted(failed::assertFullyCompensated);
        assertNextFileCompletes(saga);
    }

    @Test
    void residue_is_blocked_after_the_last_attempt_and_removed_by_an_operators_retry() throws Exception {
        start("saga.compensation.retry-delay", "300ms", "saga.compensation.max-attempts", "3");
        FaultRule refusal = saga.s3().when(method("DELETE")).always().answer(500, "InternalError");
        LateFailure failed = LateFailure.of(saga, threeChunks());
        await().atMost(30, TimeUnit.SECONDS)
                .until(() -> failed.open().stream().allMatch(entry -> entry.state() == CleanupState.BLOCKED));
        assertThat(failed.open())
                .hasSize(3)
                .allMatch(entry -> entry.attempts() == 3 && !entry.lastError().isBlank());
        refusal.remove();
        long asked = saga.s3().count(method("DELETE"));
        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);

        List<CleanupEntry> left = Internals.engine(saga.application().bundle())
                .retry(failed.open().get(0));

        assertThat(left).isEmpty();
        assertThat(saga.s3().count(method("DELETE")))
                .as("one attempt for all keys of the step")
                .isEqualTo(asked + 3);
        failed.assertFullyCompensated();
        assertNextFileCompletes(saga);
    }
}
