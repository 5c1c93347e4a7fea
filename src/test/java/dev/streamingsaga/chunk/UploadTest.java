package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.CHUNK;
import static dev.streamingsaga.chunk.ChunkFixture.config;
import static dev.streamingsaga.chunk.ChunkFixture.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.embedded.FaultyS3;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.testkit.Background;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.S3Exception;

@Tag("one-jdk")
@Timeout(180)
class UploadTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 1})
    void uploads_verifies_and_fetches_identical_bytes(long size) throws Exception {
        try (ChunkFixture fixture = fixture()) {
            Path file = file(dir, size);
            RecordingRun run = fixture.run(file, "s1");

            fixture.upload(run);
            fixture.verify(run);
            fixture.send("manifest", run, null);
            FetchResult fetched = fixture.store().fetch(run.document(), dir.resolve("back"));

            assertThat(dir.resolve("back")).hasSameBinaryContentAs(file);
            assertThat(fetched.sha256()).isEqualTo(run.document().sha256());
            int chunks = (int) ((size + CHUNK - 1) / CHUNK);
            assertThat(fixture.count(run.document().facts())).hasSize(chunks);
            assertThat(run.chunks()).hasSize(chunks).allMatch(row -> row.state() == ChunkState.SENT);
            assertThat(run.verified).isTrue();
            assertThat(run.progress).hasValue(size);
            assertThat(run.openPermits).hasValue(0);
        }
    }

    @Test
    void FP_5_retries_only_the_chunk_that_failed() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            RecordingRun run = fixture.run(file(dir, 4 * CHUNK), "s1");
            AtomicInteger refusals = new AtomicInteger();
            fixture.faults.onPut((key, n) -> {
                if (key.endsWith("chunk-000002") && refusals.incrementAndGet() <= 2) {
                    throw FaultyS3.answer(503, "SlowDown");
                }
            });

            fixture.upload(run);
            fixture.verify(run);

            assertThat(run.attemptsOf(2)).containsExactly(1, 2, 3);
            assertThat(List.of(0, 1, 3)).allMatch(index -> run.attemptsOf(index).equals(List.of(1)));
        }
    }

    @Test
    void FP_5_gives_up_after_the_configured_attempts() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            RecordingRun run = fixture.run(file(dir, 2 * CHUNK), "s1");
            CountDownLatch otherArrives = new CountDownLatch(1);
            CountDownLatch failed = new CountDownLatch(1);
            fixture.faults.onPut((key, n) -> {
                if (key.endsWith("chunk-000001")) {
                    FaultyS3.await(otherArrives);
                    throw FaultyS3.answer(500, "InternalError");
                }
                otherArrives.countDown();
                FaultyS3.await(failed);
            });

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));
            int permitsOfTheOther = run.openPermits.get();
            failed.countDown();

            assertThat(failure.reason()).isEqualTo(Reason.MAX_RETRIES_EXCEEDED);
            assertThat(failure)
                    .hasMessageContaining("cannot write chunk 1 of saga s1 to bucket streaming-saga")
                    .hasMessageContaining("after 3 attempts; compensating");
            assertThat(run.attemptsOf(1)).containsExactly(1, 2, 3);
            assertThat(permitsOfTheOther)
                    .as("permits of the chunk that is still in flight")
                    .isEqualTo(1);
            await().until(() -> run.openPermits.get() == 0);
        }
    }

    @Test
    void FP_4_a_server_that_refuses_connections_exhausts_the_attempts() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            RecordingRun run = fixture.run(file(dir, CHUNK), "s1");
            fixture.stopServer();

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).isEqualTo(Reason.MAX_RETRIES_EXCEEDED);
            assertThat(run.attemptsOf(0)).containsExactly(1, 2, 3);
        }
    }

    @Test
    void FP_7_a_full_store_is_not_retried() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            RecordingRun run = fixture.run(file(dir, CHUNK), "s1");
            fixture.faults.onPut((key, n) -> {
                throw FaultyS3.answer(507, "InsufficientStorage");
            });

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).isEqualTo(Reason.STORAGE_FULL);
            assertThat(run.attemptsOf(0)).containsExactly(1);
        }
    }

    @Test
    void a_permanent_failure_is_not_retried() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            RecordingRun run = fixture.run(file(dir, CHUNK), "s1");
            fixture.s3.deleteBucket(d -> d.bucket(fixture.config.servers().s3().bucket()));

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(Reason.STORE_FAILED);
            assertThat(run.attemptsOf(0)).containsExactly(1);
        }
    }

    @Test
    void FP_8_a_chunk_stored_without_a_timely_response_is_sent_again_to_the_same_key() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (ChunkFixture fixture = fixture("saga.s3.timeout", "1s")) {
            RecordingRun run = fixture.run(file(dir, CHUNK), "s1");
            AtomicInteger stored = new AtomicInteger();
            fixture.faults.afterPut(key -> {
                if (stored.incrementAndGet() == 1) {
                    FaultyS3.await(end);
                }
            });

            fixture.upload(run);

            assertThat(run.attemptsOf(0)).containsExactly(1, 2);
            assertThat(fixture.keys(run)).containsExactly(run.document().keyPrefix() + "chunk-000000");
            end.countDown();
        }
    }

    @Test
    void FP_2_a_file_deleted_during_the_upload_ends_it() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "1")) {
            Path file = file(dir, 4 * CHUNK);
            RecordingRun run = fixture.run(file, "s1");
            fixture.faults.afterPut(key -> delete(file));

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).isEqualTo(Reason.FILE_NOT_FOUND);
            assertThat(fixture.keys(run)).hasSize(1);
        }
    }

    @Test
    void FP_3_a_file_modified_during_the_upload_ends_it() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "1")) {
            Path file = file(dir, 4 * CHUNK);
            RecordingRun run = fixture.run(file, "s1");
            fixture.faults.afterPut(key -> overwrite(file, 3L * CHUNK, false));

            assertThatThrownBy(() -> fixture.upload(run))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.HASH_MISMATCH))
                    .hasMessageContaining("file was modified during upload, please retry");
            assertThat(fixture.keys(run)).hasSize(1);
        }
    }

    @Test
    void FP_3_a_change_with_an_unchanged_modification_time_is_rejected_by_the_server() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "1")) {
            Path file = file(dir, 4 * CHUNK);
            RecordingRun run = fixture.run(file, "s1");
            fixture.faults.afterPut(key -> overwrite(file, 3L * CHUNK, true));

            assertThatThrownBy(() -> fixture.upload(run))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.HASH_MISMATCH))
                    .hasMessageContaining("file was modified during upload, please retry");
            assertThat(fixture.keys(run)).hasSize(3).noneMatch(key -> key.endsWith("chunk-000003"));
            assertThat(run.attemptsOf(3)).containsExactly(1);
        }
    }

    @Test
    void the_server_rejects_bytes_that_do_not_match_the_digest() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            assertThatThrownBy(() -> fixture.s3.putObject(
                            put -> put.bucket(fixture.config.servers().s3().bucket())
                                    .key("saga/x")
                                    .metadata(Map.of(ChecksumInterceptor.METADATA, Sha256.of("other".getBytes()))),
                            RequestBody.fromString("bytes")))
                    .isInstanceOfSatisfying(
                            S3Exception.class, e -> assertThat(e.statusCode()).isEqualTo(400));
            assertThat(fixture.store().keys("saga/")).isEmpty();
        }
    }

    @Test
    void FP_36_nothing_is_sent_once_the_saga_is_cancelled() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "1")) {
            RecordingRun run = fixture.run(file(dir, 4 * CHUNK), "s1");
            fixture.faults.afterPut(key -> run.cancelled = true);

            assertThatThrownBy(() -> fixture.upload(run))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CANCELLED));
            assertThat(fixture.faults.puts).hasValue(1);
        }
    }

    @Test
    void no_more_chunks_than_configured_are_in_flight() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "3")) {
            RecordingRun run = fixture.run(file(dir, 9 * CHUNK), "s1");
            CountDownLatch three = new CountDownLatch(3);
            fixture.faults.onPut((key, n) -> {
                three.countDown();
                FaultyS3.await(three); // passes only if three arrive at the same time
            });

            fixture.upload(run);

            assertThat(run.mostPermits).hasValue(3);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void a_slow_chunk_does_not_delay_others(int slow) throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "3")) {
            RecordingRun run = fixture.run(file(dir, 7 * CHUNK), "s1");
            CountDownLatch others = new CountDownLatch(6);
            fixture.faults.onPut((key, n) -> {
                if (key.endsWith("chunk-00000" + slow)) {
                    FaultyS3.await(others);
                }
            });
            fixture.faults.afterPut(key -> others.countDown());

            fixture.upload(run);

            assertThat(run.chunks()).hasSize(7).allMatch(row -> row.state() == ChunkState.SENT);
            assertThat(run.sendings).extracting(RecordingRun.Sending::attempt).containsOnly(1);
        }
    }

    @Test
    void a_saga_with_slow_chunks_does_not_delay_others() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "1", "saga.concurrency", "2")) {
            RecordingRun slow = fixture.run(file(dir, 3 * CHUNK), "s1");
            RecordingRun other = fixture.run(file(dir, 4 * CHUNK), "s2");
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            fixture.faults.onPut((key, n) -> {
                if (key.contains("/s1/")) {
                    begun.countDown();
                    FaultyS3.await(end);
                }
            });
            CompletableFuture<Void> first = Background.run("slow", () -> {
                fixture.upload(slow);
                return null;
            });
            FaultyS3.await(begun);

            fixture.upload(other);
            fixture.verify(other);

            assertThat(slow.sendings).hasSize(1);
            end.countDown();
            first.get(60, TimeUnit.SECONDS);
            assertThat(slow.chunks()).allMatch(row -> row.state() == ChunkState.SENT);
        }
    }

    @Test
    void a_chunk_that_waits_for_its_next_attempt_gives_up_when_another_has_failed() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.retry-delay", "1h")) {
            RecordingRun run = fixture.run(file(dir, 2 * CHUNK), "s1");
            CountDownLatch waits = new CountDownLatch(1);
            fixture.faults.onPut((key, n) -> {
                if (key.endsWith("chunk-000000")) {
                    waits.countDown();
                    throw FaultyS3.answer(503, "SlowDown");
                }
                FaultyS3.await(waits);
                throw FaultyS3.answer(507, "InsufficientStorage");
            });

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).isEqualTo(Reason.STORAGE_FULL);
            await().until(() -> run.openPermits.get() == 0);
            await().untilAsserted(() -> assertThat(
                            fixture.context.getInflightRepository().size())
                    .as("exchanges that still wait")
                    .isZero());
            assertThat(run.attemptsOf(0)).containsExactly(1);
        }
    }

    @Test
    void a_chunk_that_waits_for_its_next_attempt_gives_up_when_the_saga_is_cancelled() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.retry-delay", "1h")) {
            RecordingRun run = fixture.run(file(dir, CHUNK), "s1");
            fixture.faults.onPut((key, n) -> {
                run.cancelled = true;
                throw FaultyS3.answer(503, "SlowDown");
            });

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).isEqualTo(Reason.CANCELLED);
            assertThat(run.attemptsOf(0)).containsExactly(1);
        }
    }

    @Test
    void a_pause_ends_when_another_chunk_has_failed() throws Exception {
        Upload upload = new Upload(emptyRun(), false);
        CompletableFuture<Void> pause = pause(upload, Duration.ofHours(1), () -> false);
        assertThat(pause).isNotDone();

        upload.fail(new SagaException(Reason.STORAGE_FULL, "first"));

        pause.get(60, TimeUnit.SECONDS);
    }

    @Test
    void a_pause_ends_when_the_context_stops() throws Exception {
        AtomicBoolean stopping = new AtomicBoolean();
        CompletableFuture<Void> pause = pause(new Upload(emptyRun(), false), Duration.ofHours(1), stopping::get);
        assertThat(pause).isNotDone();

        stopping.set(true);

        pause.get(60, TimeUnit.SECONDS);
    }

    @Test
    void a_pause_is_as_long_as_configured() throws Exception {
        long began = System.nanoTime();

        new Upload(emptyRun(), false).pause(Duration.ofMillis(1_200), () -> false);

        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(Duration.ofMillis(1_200));
    }

    private static CompletableFuture<Void> pause(Upload upload, Duration length, BooleanSupplier stopping)
            throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<Void> pause = Background.run("pause", () -> {
            upload.pause(length, () -> {
                asked.countDown();
                return stopping.getAsBoolean();
            });
            return null;
        });
        assertThat(asked.await(60, TimeUnit.SECONDS)).as("pauses").isTrue();
        return pause;
    }

    @Test
    void the_saga_receives_the_failure_of_the_first_chunk() throws Exception {
        Upload upload = new Upload(emptyRun(), false);
        SagaException first = new SagaException(Reason.STORAGE_FULL, "first");
        upload.requireActive();

        upload.fail(first);
        upload.fail(new SagaException(Reason.STORE_FAILED, "second"));

        assertThatThrownBy(upload::requireActive).isSameAs(first);
        assertThat(upload.failure()).containsSame(first);
    }

    @Test
    void a_stopped_plan_releases_its_reader() throws Exception {
        Upload upload = new Upload(emptyRun(), false);
        InFlight plan = upload.schedule(
                IntStream.range(0, 5)
                        .mapToObj(i -> new ChunkRow(i, i, 1, "key", "sha", ChunkState.PENDING, 0))
                        .toList(),
                2);
        plan.next();
        plan.next();
        CompletableFuture<Integer> third =
                Background.run("reader", () -> plan.next().index());
        upload.finished();
        assertThat(third.get(60, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(plan.hasNext()).isTrue();
        CompletableFuture<ChunkRow> fourth = Background.run("reader", plan::next);
        upload.requireAllSent();

        upload.fail(new SagaException(Reason.STORAGE_FULL, "first"));

        assertThat(fourth.get(60, TimeUnit.SECONDS)).isNull();
        assertThat(plan.hasNext()).isFalse();
        assertThatThrownBy(upload::requireAllSent).hasMessage("first");
    }

    @Test
    void a_reader_does_not_wait_for_a_lost_chunk_once_the_saga_is_cancelled() throws Exception {
        RecordingRun run = emptyRun();
        InFlight plan = new Upload(run, false)
                .schedule(
                        IntStream.range(0, 2)
                                .mapToObj(i -> new ChunkRow(i, i, 1, "key", "sha", ChunkState.PENDING, 0))
                                .toList(),
                        1);
        plan.next();
        CompletableFuture<ChunkRow> second = Background.run("reader", plan::next);

        run.cancelled = true;

        assertThat(second.get(60, TimeUnit.SECONDS)).isNull();
        assertThat(plan.hasNext()).isFalse();
    }

    /** As when a processor throws an Error, which Camel does not turn into a failure of the exchange. */
    @Test
    void an_upload_waits_for_a_lost_chunk_no_longer_than_the_saga_time_limit() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (ChunkFixture fixture = fixture("saga.time-limit", "3s")) {
            RecordingRun run = fixture.run(file(dir, 3 * CHUNK), "s1");
            fixture.faults.onPut((key, n) -> {
                if (key.endsWith("chunk-000001")) {
                    FaultyS3.await(end);
                }
            });

            SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.upload(run));

            assertThat(failure.reason()).isEqualTo(Reason.STORE_FAILED);
            assertThat(failure).hasMessageContaining("of 15728640 bytes of saga s1 were stored");
            end.countDown();
        }
    }

    @Test
    void an_upload_whose_threads_are_stopped_is_resumed_by_the_next_start() throws Exception {
        Upload upload = new Upload(emptyRun(), false);
        InFlight plan = upload.schedule(List.of(new ChunkRow(0, 0, 1, "key", "sha", ChunkState.PENDING, 0)), 1);
        Thread.currentThread().interrupt();

        ChunkRow handedOut = plan.next();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(handedOut).isNull();
        assertThatThrownBy(upload::requireAllSent).isInstanceOf(ShutdownException.class);
    }

    private RecordingRun emptyRun() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            return fixture.run(file(dir, 0), "s1");
        }
    }

    /** Guards against a call stack that grows with each chunk and overflows after some hundred. */
    @Test
    void six_hundred_chunks_can_be_sent_one_by_one() throws Exception {
        try (ChunkFixture fixture = fixture("saga.chunk.parallelism", "1")) {
            Path file = file(dir, 600_000);
            Digests digests = fixture.digest(file, 1_000);
            RecordingRun run = fixture.run(file, "s1", digests, 1_000);

            fixture.send("store-upload", run, digests);
            fixture.verify(run);

            assertThat(run.chunks()).hasSize(600).allMatch(row -> row.state() == ChunkState.SENT);
            assertThat(run.mostPermits).hasValue(1);
        }
    }

    @Test
    void a_resumed_run_sends_only_what_the_bucket_does_not_confirm() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            Path file = file(dir, 5 * CHUNK);
            RecordingRun first = fixture.run(file, "s1");
            fixture.upload(first);
            List<ChunkRow> left = new ArrayList<>(first.chunks());
            for (int unanswered : List.of(2, 3)) {
                ChunkRow row = left.get(unanswered);
                left.set(
                        unanswered,
                        new ChunkRow(
                                unanswered,
                                row.offset(),
                                row.sizeBytes(),
                                row.key(),
                                row.sha256(),
                                ChunkState.SENDING,
                                1));
            }
            for (int gone : List.of(1, 3)) {
                fixture.s3.deleteObject(
                        d -> d.bucket(fixture.config.servers().s3().bucket())
                                .key(left.get(gone).key()));
            }
            RecordingRun second = fixture.run(file, "s1");
            second.rows(left);

            fixture.upload(second);
            fixture.verify(second);

            assertThat(second.sendings).extracting(RecordingRun.Sending::index).containsExactlyInAnyOrder(1, 3);
            assertThat(second.chunks()).allMatch(row -> row.state() == ChunkState.SENT);
            assertThat(second.progress).hasValue(5L * CHUNK);
            RecordingRun next = fixture.run(file, "s1");
            next.rows(left);
            assertThat(planned(fixture, next))
                    .as("chunks to send first, interleaved with the others")
                    .containsExactly(2, 0, 3, 1, 4);
        }
    }

    private static List<Integer> planned(ChunkFixture fixture, RecordingRun run) {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.setProperty(ExchangeKeys.RUN, run);
        new PlanUpload(
                        new Bucket(fixture.s3, fixture.config.servers().s3().bucket()),
                        fixture.config.servers().s3().timeout(),
                        8)
                .plan(exchange);
        List<Integer> order = new ArrayList<>();
        exchange.getProperty(PlanUpload.CHUNKS, InFlight.class).forEachRemaining(row -> order.add(row.index()));
        return order;
    }

    @ParameterizedTest
    @CsvSource({
        "ssss....,40516273",
        "ss......,23405671",
        "ssssss..,60127345",
        "........,01234567",
        "ssssssss,01234567",
        ".sssvsss,01234567"
    })
    void sent_chunks_are_confirmed_while_the_others_are_sent(String states, String order) {
        List<ChunkRow> rows = IntStream.range(0, states.length())
                .mapToObj(i -> new ChunkRow(
                        i,
                        i,
                        1,
                        "key",
                        "sha",
                        switch (states.charAt(i)) {
                            case 's' -> ChunkState.SENT;
                            case 'v' -> ChunkState.VERIFIED;
                            default -> i % 2 == 0 ? ChunkState.PENDING : ChunkState.SENDING;
                        },
                        0))
                .toList();

        assertThat(PlanUpload.interleaved(rows).stream()
                        .map(row -> String.valueOf(row.index()))
                        .collect(Collectors.joining()))
                .isEqualTo(order);
    }

    @Test
    void a_resumed_run_rejects_a_file_with_other_content() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            Path file = file(dir, 2 * CHUNK);
            RecordingRun first = fixture.run(file, "s1");
            fixture.upload(first);
            overwrite(file, 0, false);
            Digests other = fixture.digest(file);
            RecordingRun second = fixture.run(file, "s1", other);
            second.rows(first.chunks());
            int before = fixture.faults.puts.get();

            assertThatThrownBy(() -> fixture.send("store-upload", second, other))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.HASH_MISMATCH));
            assertThat(fixture.faults.puts).hasValue(before);
        }
    }

    @Test
    void two_instances_with_their_own_names_live_in_one_context() throws Exception {
        try (ChunkFixture fixture = fixture()) {
            fixture.context.addRoutes(new ChunkRoutes(config("saga.name", "archive"), fixture.s3));

            RecordingRun run = fixture.run(file(dir, CHUNK), "s1");
            fixture.upload(run);

            assertThat(fixture.context.getRoute("archive-store-upload")).isNotNull();
            assertThat(fixture.keys(run)).hasSize(1);
        }
    }

    private ChunkFixture fixture(String... settings) throws Exception {
        return new ChunkFixture(dir.resolve("data"), config(settings));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void overwrite(Path file, long at, boolean hide) {
        try {
            FileTime before = Files.getLastModifiedTime(file);
            try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
                bytes.seek(at);
                bytes.write("changed".getBytes());
            }
            Files.setLastModifiedTime(file, hide ? before : FileTime.fromMillis(before.toMillis() + 1000));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
