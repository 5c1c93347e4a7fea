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
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StepState;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Concurrent sagas: on different files, on the same file, on content that is stored already; and time limits. */
@Tag("one-jdk")
@Timeout(120)
class ConcurrencyTest {
    private static final Predicate<ProxiedRequest> CHUNK_PUT = method("PUT").and(keyContains("/chunk-"));

    @TempDir
    Path directory;

    private final CountDownLatch held = new CountDownLatch(1);
    private StreamingSagaFixture saga;

    /** @param settings key, value, key, value; time-outs are long, so that requests can be held */
    private void start(String... settings) throws IOException {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.s3.timeout", "60s"), settings);
    }

    @AfterEach
    void stop() {
        held.countDown();
        saga.close();
    }

    private static boolean isBlockedIn(Thread thread, String method) {
        return Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals(method))
                && Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING).contains(thread.getState());
    }

    /** An ingest on a thread of its own, whose stack trace shows what it waits for. */
    private static final class Running {
        private final FutureTask<IngestResult> task;
        private final Thread thread;

        Running(StreamingSagaFixture saga, Path file) {
            task = new FutureTask<>(() -> saga.ingest(file));
            thread = new Thread(task, "ingest-" + file.getFileName());
            thread.setDaemon(true);
            thread.start();
        }

        void awaitBlockedIn(String method) {
            await().atMost(Duration.ofMinutes(1)).until(() -> isBlockedIn(thread, method));
        }

        boolean isDone() {
            return task.isDone();
        }

        IngestResult result() throws Exception {
            return task.get();
        }
    }

    private Running ingesting(Path file) {
        return new Running(saga, file);
    }

    /** Starts a saga whose first chunk is held until the latch opens. */
    private Running holding(Path file) {
        FaultRule rule = saga.s3().when(CHUNK_PUT).delay(held);
        Running running = ingesting(file);
        await().atMost(Duration.ofMinutes(1)).until(() -> rule.applied() == 1);
        return running;
    }

    private List<SagaRecord> sagas() {
        return saga.journal().sagas().newest(10);
    }

    private long visible(String store) {
        return saga.number(store, "SELECT count(*) FROM " + store + "_document WHERE visible = 1");
    }

    /** The stores hold exactly one document, and this saga stored it. */
    private void assertOnly(IngestResult result, Original original) {
        assertStored(saga, result, original);
        assertThat(saga.keys()).allMatch(key -> key.contains(result.sagaId()));
        for (String store : List.of("security", "vector", "graph", "relational")) {
            assertThat(visible(store)).as("visible in " + store).isOne();
            assertThat(saga.rows(store, store + "_document"))
                    .as("documents in " + store)
                    .isOne();
        }
        assertThat(saga.number(
                        "vector", "SELECT count(*) FROM vector_segment WHERE saga_id <> '" + result.sagaId() + "'"))
                .isZero();
        assertThat(saga.number("graph", "SELECT count(*) FROM graph_node WHERE saga_id <> '" + result.sagaId() + "'"))
                .isZero();
        assertThat(saga.rows("journal", "source_claim")).isZero();
        assertThat(saga.rows("journal", "cleanup")).isZero();
    }

    // Different files

    /** As from parallel streams of a hub: no saga may depend on the common pool that its callers block. */
    @Test
    void callers_that_hold_the_whole_common_pool_are_served() throws Exception {
        start();
        List<ForkJoinTask<IngestResult>> running = IntStream.rangeClosed(0, ForkJoinPool.getCommonPoolParallelism())
                .mapToObj(i -> saga.text("common-" + i + ".txt", 1))
                .map(file -> ForkJoinPool.commonPool().submit(() -> saga.ingest(file)))
                .toList();

        for (ForkJoinTask<IngestResult> task : running) {
            assertThat(task.get(60, TimeUnit.SECONDS).status()).isEqualTo("COMPLETED");
        }
    }

    @Test
    void two_sagas_on_different_files_run_at_the_same_time() throws Exception {
        start();
        Original one = Original.of(saga.text("one.txt", 30));
        Original two = Original.of(saga.file("two.bin", CHUNK + 1000));
        FaultRule rule = saga.s3().when(CHUNK_PUT).times(3).delay(held);
        Running first = ingesting(one.path());
        Running second = ingesting(two.path());
        await().atMost(Duration.ofMinutes(1)).until(() -> rule.applied() == 3);

        assertThat(sagas()).hasSize(2).extracting(SagaRecord::state).containsOnly(SagaState.UPLOADING);
        held.countDown();

        assertStored(saga, first.result(), one);
        assertStored(saga, second.result(), two);
        assertThat(saga.keys()).hasSize(5);
    }

    @Test
    void a_failing_saga_does_not_affect_the_other() throws Exception {
        start();
        Original one = Original.of(saga.text("one.txt", 30));
        Original two = Original.of(saga.text("two.txt", 30));
        Running first = holding(one.path());
        saga.s3().when(CHUNK_PUT).always().answer(507, "InsufficientStorage");

        assertCompensated(saga, saga.ingest(two.path()), Reason.STORAGE_FULL);
        held.countDown();

        assertOnly(first.result(), one);
        two.assertUntouched();
    }

    @Test
    void concurrency_1_runs_one_saga_at_a_time() throws Exception {
        start("saga.concurrency", "1");
        Original one = Original.of(saga.file("one.bin", 1000));
        Original two = Original.of(saga.file("two.bin", 1000));
        Running first = holding(one.path());
        Running second = ingesting(two.path());
        awaitWaiting(true);

        SagaRecord waiting = sagas().get(0);
        assertThat(waiting.source()).isEqualTo(two.path());
        assertThat(waiting.state()).isEqualTo(SagaState.RECEIVED);
        assertThat(saga.journal().steps().of(waiting.sagaId()))
                .extracting(StepRecord::state)
                .containsOnly(StepState.PENDING);
        assertThat(saga.s3().count(CHUNK_PUT)).isOne();
        held.countDown();

        assertStored(saga, first.result(), one);
        assertStored(saga, second.result(), two);
    }

    @Test
    void a_saga_that_is_cancelled_while_it_waits_for_a_slot_stops_waiting() throws Exception {
        start("saga.concurrency", "1");
        Original one = Original.of(saga.file("one.bin", 1000));
        Running first = holding(one.path());
        Running second = ingesting(saga.file("two.bin", 1000));
        awaitWaiting(true);

        Internals.engine(saga.application().bundle())
                .cancel(sagas().get(0).sagaId())
                .join();

        assertCompensated(saga, second.result(), Reason.CANCELLED);
        awaitWaiting(false);
        held.countDown();
        assertStored(saga, first.result(), one);
        assertNextFileCompletes(saga);
    }

    private static void awaitWaiting(boolean any) {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                                .anyMatch(thread -> isBlockedIn(thread, "acquireSlot"))
                        == any);
    }

    @Test
    void concurrency_1_continues_after_a_failed_saga() throws Exception {
        start("saga.concurrency", "1");
        Original one = Original.of(saga.file("one.bin", 1000));

        assertThat(saga.ingest(directory.resolve("nowhere")).status()).isEqualTo("COMPENSATED");
        assertThat(saga.ingest(directory.resolve("nowhere")).status()).isEqualTo("COMPENSATED");

        assertStored(saga, saga.ingest(one.path()), one);
    }

    @Test
    void a_saga_that_gets_no_slot_in_time_is_compensated() throws Exception {
        start("saga.concurrency", "1", "saga.time-limit", "4s", "saga.compensation.step-timeout", "60s");
        assertNextFileCompletes(saga);
        Path file = saga.file("two.bin", 1000);
        Running first = holding(saga.file("one.bin", 1000));

        IngestResult second = saga.ingest(file);
        held.countDown();

        assertCompensated(saga, second, Reason.TIMEOUT);
        assertCompensated(saga, first.result(), Reason.TIMEOUT);
        assertThat(saga.keys()).hasSize(2);
        assertThat(saga.rows("journal", "source_claim")).isZero();
        assertThat(saga.ingest(file).status()).isEqualTo("COMPLETED");
    }

    // The same file

    @Test
    void join_returns_one_saga_to_both() throws Exception {
        start("saga.source.on-conflict", "join", "saga.duplicates", "version");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());
        Running second = ingesting(one.path());
        second.awaitBlockedIn("awaitEnd");
        held.countDown();

        assertThat(second.result().sagaId()).isEqualTo(first.result().sagaId());
        assertThat(second.result().status()).isEqualTo("COMPLETED");
        assertThat(sagas()).hasSize(1);
        assertOnly(first.result(), one);
    }

    @Test
    void join_returns_the_failure_of_one_saga_to_both() throws Exception {
        start("saga.source.on-conflict", "join");
        Original one = Original.of(saga.file("one.bin", CHUNK + 1000));
        saga.s3().when(CHUNK_PUT.and(keyEndsWith("chunk-000001"))).always().answer(507, "InsufficientStorage");
        saga.s3().when(CHUNK_PUT.and(keyEndsWith("chunk-000000"))).delay(held);
        Running first = ingesting(one.path());
        await().atMost(Duration.ofMinutes(1)).until(() -> sagas().size() == 1);
        Running second = ingesting(one.path());
        second.awaitBlockedIn("awaitEnd");
        held.countDown();

        assertThat(second.result().sagaId()).isEqualTo(first.result().sagaId());
        assertCompensated(saga, second.result(), Reason.STORAGE_FULL);
        assertNothingLeft(saga, first.result(), Reason.STORAGE_FULL);
        one.assertUntouched();
    }

    @Test
    void refuse_rejects_the_second_and_does_not_affect_the_first() throws Exception {
        start("saga.source.on-conflict", "refuse");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());

        IngestResult second = saga.ingest(one.path());

        assertCompensated(saga, second, Reason.SOURCE_BUSY);
        assertThat(first.isDone()).isFalse();
        assertThat(second.message()).contains(sagas().get(1).sagaId());
        assertThat(saga.journal().registration().holder(one.path().toString()))
                .contains(sagas().get(1).sagaId());
        held.countDown();
        assertOnly(first.result(), one);
    }

    @Test
    void wait_runs_the_second_after_the_first_as_a_new_version() throws Exception {
        start("saga.source.on-conflict", "wait", "saga.duplicates", "version");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());
        Running second = ingesting(one.path());
        second.awaitBlockedIn("awaitEnd");
        assertThat(sagas()).hasSize(1);
        held.countDown();

        assertThat(first.result().status()).isEqualTo("COMPLETED");
        assertThat(second.result().sagaId()).isNotEqualTo(first.result().sagaId());
        assertOnly(second.result(), one);
    }

    @Test
    void wait_returns_the_document_of_the_first_to_the_second() throws Exception {
        start("saga.source.on-conflict", "wait", "saga.duplicates", "skip");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());
        Running second = ingesting(one.path());
        second.awaitBlockedIn("awaitEnd");
        held.countDown();

        assertThat(second.result().sagaId()).isEqualTo(first.result().sagaId());
        assertThat(sagas()).hasSize(1);
        assertOnly(second.result(), one);
    }

    @Test
    void wait_runs_the_second_when_the_first_failed() throws Exception {
        start("saga.source.on-conflict", "wait", "saga.chunk.attempts", "1");
        Original one = Original.of(saga.text("one.txt", 30));
        saga.s3().when(method("PUT").and(keyEndsWith("/manifest.json"))).answer(507, "InsufficientStorage");
        Running first = holding(one.path());
        Running second = ingesting(one.path());
        second.awaitBlockedIn("awaitEnd");
        held.countDown();

        assertCompensated(saga, first.result(), Reason.STORAGE_FULL);
        assertOnly(second.result(), one);
    }

    @Test
    void warn_runs_both_and_compensates_only_the_failing_second() throws Exception {
        start("saga.source.on-conflict", "warn");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());
        saga.s3().when(method("PUT").and(keyEndsWith("/manifest.json"))).answer(507, "InsufficientStorage");

        IngestResult second = saga.ingest(one.path());
        assertThat(first.isDone()).isFalse();
        held.countDown();

        assertThat(second.sagaId()).isNotEqualTo(first.result().sagaId());
        assertThat(second.documentId()).isEqualTo(first.result().documentId());
        assertCompensated(saga, second, Reason.STORAGE_FULL);
        assertOnly(first.result(), one);
    }

    @Test
    void warn_runs_both_and_compensates_only_the_failing_first() throws Exception {
        start("saga.source.on-conflict", "warn");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());

        IngestResult second = saga.ingest(one.path());
        saga.s3().when(method("PUT").and(keyEndsWith("/manifest.json"))).answer(507, "InsufficientStorage");
        held.countDown();

        assertCompensated(saga, first.result(), Reason.STORAGE_FULL);
        assertOnly(second, one);
    }

    @Test
    void warn_leaves_one_visible_version_even_if_the_older_saga_ends_last() throws Exception {
        start("saga.source.on-conflict", "warn");
        Original one = Original.of(saga.text("one.txt", 30));
        Running first = holding(one.path());

        IngestResult second = saga.ingest(one.path());
        held.countDown();

        assertThat(first.result().status()).isEqualTo("COMPLETED");
        assertOnly(second, one);
    }

    // Content that is stored already

    @Test
    void skip_returns_the_saga_that_stored_it() throws Exception {
        start("saga.duplicates", "skip");
        Original one = Original.of(saga.text("one.txt", 30));
        IngestResult first = saga.ingest(one.path());
        long sent = saga.s3().count(CHUNK_PUT);

        IngestResult second = saga.ingest(one.path());

        assertThat(second.sagaId()).isEqualTo(first.sagaId());
        assertThat(second.status()).isEqualTo("COMPLETED");
        assertThat(saga.s3().count(CHUNK_PUT)).isEqualTo(sent);
        assertThat(sagas()).hasSize(1);
        assertOnly(first, one);
    }

    @Test
    void skip_stores_changed_content_of_the_same_file() throws Exception {
        start("saga.duplicates", "skip");
        Original before = Original.of(saga.file("one.bin", 1000));
        IngestResult first = saga.ingest(before.path());
        byte[] changed = before.bytes().clone();
        changed[500] ^= 1;
        Original after = Original.of(Files.write(before.path(), changed));

        IngestResult second = saga.ingest(after.path());

        assertThat(second.documentId()).isNotEqualTo(first.documentId());
        assertStored(saga, second, after);
    }

    @Test
    void reject_refuses_it_and_keeps_the_stored_document() throws Exception {
        start("saga.duplicates", "reject");
        Original one = Original.of(saga.text("one.txt", 30));
        IngestResult first = saga.ingest(one.path());

        IngestResult second = saga.ingest(one.path());

        assertCompensated(saga, second, Reason.DUPLICATE);
        assertOnly(first, one);
    }

    @Test
    void version_replaces_the_document_in_every_store() throws Exception {
        start("saga.duplicates", "version");
        Original one = Original.of(saga.text("one.txt", 30));
        IngestResult first = saga.ingest(one.path());
        List<String> old = saga.keys();

        IngestResult second = saga.ingest(one.path());

        assertThat(second.documentId()).isEqualTo(first.documentId());
        assertThat(second.sagaId()).isNotEqualTo(first.sagaId());
        assertThat(saga.keys()).hasSameSizeAs(old).doesNotContainAnyElementsOf(old);
        assertOnly(second, one);
        assertThat(saga.journal().steps().of(first.sagaId()))
                .filteredOn(step -> first.stores().containsKey(step.name()))
                .as("of the superseded version")
                .extracting(StepRecord::state)
                .containsOnly(StepState.COMPENSATED);
        assertThat(saga.application().bundle().operator().search("lighthouse keeper", 100))
                .extracting(hit -> hit.text())
                .doesNotHaveDuplicates();
    }

    @Test
    void version_keeps_the_old_one_visible_if_the_new_one_fails() throws Exception {
        start("saga.duplicates", "version");
        Original one = Original.of(saga.text("one.txt", 30));
        IngestResult first = saga.ingest(one.path());
        saga.s3().when(method("PUT").and(keyEndsWith("/manifest.json"))).answer(507, "InsufficientStorage");

        IngestResult second = saga.ingest(one.path());

        assertCompensated(saga, second, Reason.STORAGE_FULL);
        assertOnly(first, one);
    }

    // FP-35

    @Test
    void fp_35_time_limit_passes_during_an_upload_and_nothing_is_written_afterwards() throws Exception {
        start("saga.time-limit", "8s", "saga.s3.timeout", "6s", "saga.compensation.step-timeout", "30s");
        assertNextFileCompletes(saga);
        List<String> before = saga.keys();
        Original original = Original.of(saga.file("held.bin", 2L * CHUNK));
        FaultRule rule = saga.s3().when(CHUNK_PUT).always().delay(held);

        IngestResult result = saga.ingest(original.path());

        assertThat(rule.applied()).isPositive();
        assertCompensated(saga, result, Reason.TIMEOUT);
        assertThat(saga.keys()).isEqualTo(before);
        long sent = saga.s3().count(CHUNK_PUT);
        held.countDown();
        awaitProxyIdle();
        assertThat(saga.keys()).isEqualTo(before);
        assertThat(saga.s3().count(CHUNK_PUT)).as("no further attempt").isEqualTo(sent);
        assertThat(saga.rows("security", "security_document")).isOne();
        original.assertUntouched();
    }

    /**
     * The compensation does not wait for ever. An object that may still arrive is recorded as residue, and the next
     * retry removes it.
     */
    @Test
    void fp_35_a_request_that_outlives_the_compensation_is_residue() throws Exception {
        start("saga.time-limit", "8s", "saga.s3.timeout", "60s", "saga.compensation.step-timeout", "1s");
        assertNextFileCompletes(saga);
        List<String> before = saga.keys();
        Original original = Original.of(saga.file("held.bin", 1000));
        FaultRule rule = saga.s3().when(CHUNK_PUT).delay(held);
        Running running = ingesting(original.path());
        await().atMost(Duration.ofMinutes(1)).until(() -> rule.applied() == 1);
        String sagaId = sagas().get(0).sagaId();
        await().atMost(Duration.ofMinutes(1))
                .until(() -> saga.journal()
                        .sagas()
                        .find(sagaId)
                        .orElseThrow()
                        .state()
                        .isFinal());

        held.countDown();

        running.result();
        awaitProxyIdle();
        List<CleanupEntry> entries = saga.journal().cleanups().of(sagaId);
        assertThat(saga.keys()).as("it arrived").hasSize(before.size() + 1);
        assertThat(saga.journal().sagas().find(sagaId).orElseThrow().state())
                .isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(entries).singleElement().extracting(CleanupEntry::step).isEqualTo("upload");

        assertThat(Internals.engine(saga.application().bundle()).retry(entries.get(0)))
                .isEmpty();

        assertThat(saga.keys()).isEqualTo(before);
        assertThat(saga.journal().sagas().find(sagaId).orElseThrow().state()).isEqualTo(SagaState.COMPENSATED);
        original.assertUntouched();
    }

    /** Waits until each held request has its answer or has failed. */
    private void awaitProxyIdle() {
        await().atMost(Duration.ofMinutes(1)).until(() -> saga.s3().requestsInProgress() == 0);
    }
}
