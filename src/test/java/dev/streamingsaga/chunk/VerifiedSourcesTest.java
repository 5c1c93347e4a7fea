package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.Sealing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.camel.Exchange;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Request;

/** FP-48: the bytes of a document after the gate, from a real bucket. */
@Tag("one-jdk")
class VerifiedSourcesTest {
    private static final int CHUNK = 1000;
    private static final int SIZE = 9 * CHUNK + 7;

    @TempDir
    static Path dir;

    private static ChunkFixture fixture;
    private static int uploads;

    private final AtomicInteger fetches = new AtomicInteger();
    private Path file;
    private byte[] bytes;
    private RecordingRun run;

    @BeforeAll
    static void start() throws Exception {
        Path data = dir.resolve("data");
        fixture = new ChunkFixture(data, config("saga.data.dir", data.toString()));
    }

    @AfterAll
    static void stop() throws Exception {
        fixture.close();
    }

    @BeforeEach
    void upload() throws IOException {
        file = ChunkFixture.file(dir, SIZE);
        bytes = Files.readAllBytes(file);
        Digests digests = fixture.digest(file, CHUNK);
        run = fixture.run(file, "saga-" + uploads++, digests, CHUNK);
        fixture.send("store-upload", run, digests);
    }

    @AfterEach
    void leavesNoFile() {
        assertThat(dir.resolve("data/spool/tmp")).isEmptyDirectory();
    }

    private static final class FetchCount extends DelegatingS3Client {
        private final AtomicInteger fetches;

        FetchCount(S3Client s3, AtomicInteger fetches) {
            super(s3);
            this.fetches = fetches;
        }

        @Override
        protected <T extends S3Request, R> R invokeOperation(T request, Function<T, R> operation) {
            if (request instanceof GetObjectRequest) {
                fetches.incrementAndGet();
            }
            return super.invokeOperation(request, operation);
        }
    }

    private SeekableByteChannel open() throws IOException {
        return new VerifiedSources(fixture.config, new FetchCount(fixture.s3, fetches), Sealing.none())
                .of(run)
                .open();
    }

    private byte[] readAll() throws IOException {
        try (SeekableByteChannel channel = open()) {
            ByteBuffer all = ByteBuffer.allocate(SIZE + 1);
            while (channel.read(all) >= 0) {
                assertThat(channel.position()).isEqualTo(all.position());
            }
            return Arrays.copyOf(all.array(), all.position());
        }
    }

    /** What can happen to an original after the gate. */
    private enum Loss {
        DELETED {
            @Override
            void of(Path file) throws IOException {
                Files.delete(file);
            }
        },
        LONGER {
            @Override
            void of(Path file) throws IOException {
                Files.write(file, new byte[SIZE + 1]);
            }
        },
        OVERWRITTEN {
            @Override
            void of(Path file) throws IOException {
                Files.write(file, new byte[SIZE]);
            }
        },
        A_DIRECTORY {
            @Override
            void of(Path file) throws IOException {
                Files.delete(file);
                Files.createDirectory(file);
            }
        };

        abstract void of(Path file) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void returns_the_verified_bytes_whatever_happens_to_the_original(Loss loss) throws Exception {
        loss.of(file);

        assertThat(readAll()).isEqualTo(bytes);

        assertThat(fetches.get()).isEqualTo(10);
        Files.deleteIfExists(file);
    }

    @Test
    void asks_the_bucket_for_nothing_while_the_original_is_the_same() throws Exception {
        assertThat(readAll()).isEqualTo(bytes);

        assertThat(fetches.get()).isZero();
    }

    @Test
    void takes_the_bytes_from_the_bucket_from_the_first_chunk_that_has_changed() throws Exception {
        byte[] changed = bytes.clone();
        changed[4 * CHUNK + 5] ^= 1;
        Files.write(file, changed);

        assertThat(readAll()).isEqualTo(bytes);

        assertThat(fetches.get()).isEqualTo(6);
    }

    @Test
    void reads_in_any_order_with_two_chunks_on_the_disk() throws Exception {
        Files.delete(file);
        ChunkSlots slots = new ChunkSlots(dir.resolve("data/spool/tmp"), CHUNK, 2);
        VerifiedChunks chunks = new VerifiedChunks(
                new Bucket(fixture.s3, run.document().bucket()),
                ChunkSealer.of(Sealing.none(), run.document()),
                new OriginalFile(run.document()),
                slots,
                run::check);
        Random random = new Random(1);
        try (SeekableByteChannel channel = new VerifiedChannel(run.chunks(), chunks)) {
            for (int i = 0; i < 50; i++) {
                int from = random.nextInt(SIZE);
                int length = Math.min(SIZE - from, 1 + random.nextInt(3 * CHUNK));
                ByteBuffer part = ByteBuffer.allocate(length);
                channel.position(from);
                while (part.hasRemaining()) {
                    assertThat(channel.read(part)).isPositive();
                }
                assertThat(part.array()).isEqualTo(Arrays.copyOfRange(bytes, from, from + length));
            }
        }
    }

    @Test
    void returns_no_byte_of_a_chunk_that_is_damaged_in_the_bucket() throws Exception {
        Files.delete(file);
        byte[] stored = Files.readAllBytes(fixture.stored(row(3).key()));
        stored[CHUNK - 1] ^= 1;
        Files.write(fixture.stored(row(3).key()), stored);

        assertFails(Reason.CHUNK_CORRUPT, this::readAll);
        try (SeekableByteChannel channel = open()) {
            ByteBuffer part = ByteBuffer.allocate(CHUNK);
            channel.position(3L * CHUNK);
            assertFails(Reason.CHUNK_CORRUPT, () -> channel.read(part));
            assertThat(part.position()).isZero();
            assertThat(channel.position(2L * CHUNK).read(part))
                    .as("of another chunk")
                    .isEqualTo(CHUNK);
        }
    }

    @Test
    void names_a_chunk_that_is_missing_or_too_short() throws Exception {
        Files.delete(file);
        byte[] stored = Files.readAllBytes(fixture.stored(row(5).key()));
        Files.write(fixture.stored(row(5).key()), Arrays.copyOf(stored, 500));
        assertFails(Reason.SIZE_MISMATCH, this::readAll);

        fixture.s3.deleteObject(delete -> delete.bucket(run.document().bucket()).key(row(5).key()));
        assertFails(Reason.CHUNK_MISSING, this::readAll).hasMessageContaining(row(5).key());
    }

    @Test
    void reads_no_further_chunk_after_the_run_was_cancelled() throws Exception {
        try (SeekableByteChannel channel = open()) {
            assertThat(channel.read(ByteBuffer.allocate(CHUNK))).isEqualTo(CHUNK);
            run.cancelled = true;
            assertFails(Reason.CANCELLED, () -> channel.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void refuses_a_journal_that_lost_chunks() {
        List<ChunkRow> rows = run.chunks();
        run.rows(rows.subList(0, 8));

        assertFails(Reason.CHUNK_COUNT_MISMATCH, this::readAll);
    }

    /** A document that came without a file, straight into the bucket. */
    @Test
    void needs_no_path() throws Exception {
        RecordingRun received = new RecordingRun(run.document().withPath(Path.of("")));
        received.rows(run.chunks());
        run = received;

        assertThat(readAll()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_route_of_a_store_gets_the_bytes_of_the_bucket(boolean damaged) throws Exception {
        Loss.OVERWRITTEN.of(file);
        if (damaged) {
            Files.write(fixture.stored(row(9).key()), new byte[7]);
        }
        Exchange answer = fixture.context
                .createProducerTemplate()
                .request(fixture.config.direct("content"), exchange -> exchange.setProperty(ExchangeKeys.RUN, run));

        try (InputStream content = answer.getMessage().getBody(InputStream.class)) {
            if (damaged) {
                assertThatThrownBy(content::readAllBytes).hasMessageContaining(row(9).key() + " in bucket");
            } else {
                assertThat(content.readAllBytes()).isEqualTo(bytes);
            }
        }
    }

    private ChunkRow row(int index) {
        return run.chunks().get(index);
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertFails(
            Reason reason, ThrowingCallable reading) {
        return assertThatThrownBy(reading)
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }
}
