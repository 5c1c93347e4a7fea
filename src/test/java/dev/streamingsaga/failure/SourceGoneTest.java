package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.EmbeddingServer;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FP-48: after the gate the bucket is the source, whatever happens to the original. */
@Tag("one-jdk")
@Timeout(120)
class SourceGoneTest {
    private static final Predicate<ProxiedRequest> PUT = method("PUT").and(keyEndsWith("/chunk-000000"));
    private static final Predicate<ProxiedRequest> GET = method("GET").and(keyEndsWith("/chunk-000000"));

    @TempDir
    static Path directory;

    private static EmbeddingServer model;
    private static StreamingSagaFixture saga;
    private static int files;
    private Path file;
    private byte[] bytes;
    private long fetched;

    @BeforeAll
    static void start() throws IOException {
        model = new EmbeddingServer();
        Map<String, String> settings = new HashMap<>(model.settings());
        for (String database :
                List.of("journal", "store.security", "store.vector", "store.graph", "store.relational")) {
            Path data = directory.resolve("data").resolve(database.replace("store.", "") + ".db");
            settings.put("saga." + database + ".url", "jdbc:sqlite:" + data);
        }
        settings.put("saga.step.retry-delay", "10ms");
        settings.put("saga.patience", "60s");
        saga = StreamingSagaFixture.start(directory, settings);
    }

    @AfterAll
    static void stop() {
        saga.close();
        model.close();
    }

    @BeforeEach
    void newFile() throws IOException {
        saga.s3().clearRules();
        file = saga.text("keeper-" + files + ".txt", 40 + files++);
        bytes = Files.readAllBytes(file);
        fetched = saga.s3().count(GET);
    }

    /** What happens to an original after the gate. */
    private enum Loss {
        DELETED,
        OVERWRITTEN,
        OVERWRITTEN_AND_TIME_SET_BACK,
        REPLACED;

        void of(Path file) throws IOException {
            String other = "Other words. ".repeat((int) Files.size(file)).substring(0, (int) Files.size(file));
            FileTime time = Files.getLastModifiedTime(file);
            switch (this) {
                case DELETED -> Files.delete(file);
                case OVERWRITTEN -> Files.writeString(file, other);
                case OVERWRITTEN_AND_TIME_SET_BACK -> {
                    Files.writeString(file, other);
                    Files.setLastModifiedTime(file, time);
                }
                case REPLACED ->
                    Files.move(
                            Files.writeString(file.resolveSibling("other"), other),
                            file,
                            StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** The step waits for a lock on the database of its store until the original is lost. */
    @ParameterizedTest
    @CsvSource({
        "security, DELETED",
        "security, OVERWRITTEN",
        "vector, REPLACED",
        "vector, OVERWRITTEN_AND_TIME_SET_BACK",
        "graph, DELETED",
        "relational, OVERWRITTEN"
    })
    void fp_48_original_lost_while_a_store_is_written(String step, Loss loss) throws Exception {
        IngestResult result = ingestAndMeanwhile(step, () -> loss.of(file));

        assertStored(result);
    }

    @Test
    void fp_48_original_deleted_while_the_manifest_is_written() throws Exception {
        FaultRule rule =
                saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).beforeForward(() -> Files.delete(file));

        IngestResult result = saga.ingest(file);

        assertThat(rule.applied()).isOne();
        assertStored(result);
        assertThat(saga.s3().count(GET)).as("the original was there").isEqualTo(fetched);
    }

    /** The text is longer than what a parser reads ahead, and changes behind that. */
    @Test
    void fp_48_original_overwritten_while_its_text_is_read() throws Exception {
        file = saga.text("long.txt", 600);
        bytes = Files.readAllBytes(file);
        CountDownLatch reached = model.holdAfter(4);
        CompletableFuture<IngestResult> running = Background.run("ingest", () -> saga.ingest(file));
        reached.await();
        Loss.OVERWRITTEN.of(file);
        model.release();

        assertStored(running.join());
    }

    @Test
    void fp_48_a_run_that_was_interrupted_after_the_gate_continues_without_the_original() throws Exception {
        Interrupted stopped = interruptedInVector();
        long sent = saga.s3().count(PUT);
        Files.delete(file);

        IngestResult result = stopped.resume();

        assertStored(result);
        assertThat(result.runs()).isEqualTo(2);
        assertThat(result.resumedBytes()).isEqualTo(bytes.length);
        assertThat(saga.s3().count(PUT)).isEqualTo(sent);
    }

    /** Another data directory on the same servers, where the path of the original leads to nothing. */
    @Test
    void fp_48_another_host_continues_after_the_gate() throws Exception {
        Interrupted stopped = interruptedInVector();
        saga.execute(
                "journal",
                "UPDATE saga SET state = 'PROCESSING', node = 'dead' WHERE saga_id = '" + stopped.sagaId() + "'");
        Files.delete(file);

        saga.restart(Map.of("saga.data.dir", directory.resolve("other").toString()));

        assertStored(saga.awaitOutcome(stopped.sagaId()));
        assertThat(saga.s3().count(GET)).isGreaterThan(fetched);
    }

    @Test
    void fp_48_a_run_before_the_gate_still_needs_the_original() throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        saga.s3().when(method("HEAD").and(keyEndsWith("/chunk-000000"))).beforeForward(() -> {
            reached.countDown();
            release.await();
        });
        Interrupted stopped = Interrupted.stop(Interrupted.begin(saga, file, reached), release::countDown);
        Files.delete(file);

        assertCompensated(stopped.resume(), Reason.FILE_NOT_FOUND);
    }

    @Test
    void fp_48_a_chunk_that_the_bucket_lost_after_the_gate_is_sent_again_while_the_original_is_there()
            throws Exception {
        Interrupted stopped = interruptedInVector();
        deleteChunk(stopped);

        assertStored(stopped.resume());
    }

    @Test
    void fp_48_a_chunk_that_the_bucket_lost_after_the_gate_is_named_if_the_original_is_gone() throws Exception {
        Interrupted stopped = interruptedInVector();
        deleteChunk(stopped);
        Files.delete(file);

        IngestResult result = stopped.resume();

        assertThat(result.message()).contains("chunk-000000").contains("cannot be sent again");
        assertCompensated(result, Reason.CHUNK_MISSING);
    }

    @Test
    void fp_48_text_of_a_chunk_that_was_damaged_after_the_gate_is_never_stored() throws Exception {
        AtomicReference<List<String>> texts = new AtomicReference<>();
        IngestResult result = ingestAndMeanwhile("security", () -> {
            Files.delete(file);
            String prefix = saga.journal()
                    .sagas()
                    .newest(1)
                    .get(0)
                    .document()
                    .orElseThrow()
                    .keyPrefix();
            Path stored = saga.object(prefix + "chunk-000000");
            byte[] damaged = Files.readAllBytes(stored);
            damaged[damaged.length / 2] ^= 1;
            Files.write(stored, damaged);
            texts.set(model.embedded());
        });

        assertThat(model.embedded()).as("no text was read").isEqualTo(texts.get());
        assertCompensated(result, Reason.CHUNK_CORRUPT);
    }

    @Test
    void fp_48_the_step_tries_again_if_the_bucket_fails_while_the_text_is_read() throws Exception {
        FaultRule rule = saga.s3().when(GET).times(2).answer(503, "SlowDown");

        IngestResult result = ingestAndMeanwhile("security", () -> Files.delete(file));

        assertThat(rule.applied()).isEqualTo(2);
        assertStored(result);
    }

    private Interrupted interruptedInVector() throws InterruptedException {
        CountDownLatch reached = model.holdAfter(4);
        return Interrupted.stop(Interrupted.begin(saga, file, reached), model::release);
    }

    private void deleteChunk(Interrupted stopped) {
        String key = Aftermath.prefix(saga, stopped.result()) + "chunk-000000";
        saga.bucket()
                .deleteObject(
                        delete -> delete.bucket(StreamingSagaFixture.BUCKET).key(key));
    }

    private IngestResult ingestAndMeanwhile(String step, StreamingSagaFixture.Meanwhile loss) throws Exception {
        AtomicReference<CompletableFuture<IngestResult>> running = new AtomicReference<>();
        saga.duringStep(step, () -> running.set(Background.run("ingest", () -> saga.ingest(file))), loss);
        return running.get().join();
    }

    private static void assertCompensated(IngestResult result, Reason reason) {
        Aftermath.assertCompensated(saga, result, reason);
        assertThat(saga.keys()).noneMatch(key -> key.contains(result.sagaId()));
    }

    /** The bytes and the text are those from before the gate. */
    private void assertStored(IngestResult result) throws IOException {
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        ByteArrayOutputStream document = new ByteArrayOutputStream();
        new ChunkStore(saga.config(), saga.bucket()).fetch(Aftermath.prefix(saga, result), document);
        assertThat(document.toByteArray()).isEqualTo(bytes);
        String own = " WHERE saga_id = '" + result.sagaId() + "'";
        List<String> segments = saga.column("vector", "SELECT text FROM vector_segment" + own + " ORDER BY ordinal");
        assertThat(String.join(" ", segments).split("\\s+"))
                .containsExactly(new String(bytes, StandardCharsets.UTF_8).split("\\s+"));
        assertThat(saga.number("relational", "SELECT segments FROM relational_document" + own + " AND visible = 1"))
                .isEqualTo(segments.size());
        assertThat(result.stores()).containsEntry("graph", 2L + segments.size());
        assertThat(saga.journal().registration().holder(file.toString())).isEmpty();
    }
}
