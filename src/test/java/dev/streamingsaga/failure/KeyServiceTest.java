package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.encryption.RotationProgress;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.KeyOperator;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.KeyServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** FP-53: the key service is away, or the key is wrong, refused or lost. */
@Tag("one-jdk")
@Timeout(120)
class KeyServiceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ALIAS = "alias/saga";

    @TempDir
    Path directory;

    private KeyServer kms;
    private StreamingSagaFixture saga;
    private String key;

    @BeforeEach
    void start() throws Exception {
        kms = new KeyServer();
        key = kms.createKey("one");
        kms.pointAlias(ALIAS, key);
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.chunk.encryption", "aes256-gcm");
        settings.put("saga.participants", "security,relational");
        settings.put("saga.patience", "60s");
        settings.put("saga.step.retry-delay", "100ms");
        settings.put("saga.encryption.provider", "kms");
        settings.put("saga.encryption.kms.key", ALIAS);
        settings.put("saga.encryption.kms.previous-keys", "one,two");
        settings.put("saga.encryption.kms.endpoint", kms.uri().toString());
        settings.put("saga.encryption.kms.access-key", KeyServer.ACCESS_KEY);
        settings.put("saga.encryption.kms.secret-key", "secret");
        settings.put("saga.encryption.kms.timeout", "20s");
        saga = StreamingSagaFixture.start(directory, settings);
    }

    @AfterEach
    void stop() {
        saga.close();
        kms.close();
    }

    private SagaOperator operator() {
        return saga.application().bundle().operator();
    }

    private Path fetched(IngestResult document) throws Exception {
        Path copy = directory.resolve("copy");
        operator().fetch(Objects.requireNonNull(document.documentId()), copy);
        return copy;
    }

    private void awaitWaiting() {
        await().atMost(PATIENCE)
                .until(() -> saga.journal().sagas().newest(1).stream()
                        .map(SagaRecord::waiting)
                        .anyMatch(waiting -> waiting.filter(
                                        reason -> reason.reason().contains("key service"))
                                .isPresent()));
    }

    private String manifest() {
        String name = saga.keys().stream()
                .filter(object -> object.endsWith("manifest.json"))
                .findFirst()
                .orElseThrow();
        return saga.bucket()
                .getObjectAsBytes(
                        request -> request.bucket(StreamingSagaFixture.BUCKET).key(name))
                .asString(StandardCharsets.UTF_8);
    }

    @Test
    void fp_53_a_saga_waits_for_the_key_service_that_is_away_when_its_key_is_created() throws Exception {
        Path file = saga.file("two.bin", StreamingSagaFixture.CHUNK + 1L);
        kms.stop();

        CompletableFuture<IngestResult> running = Background.run("ingest", () -> saga.ingest(file));
        awaitWaiting();
        kms.recover();

        IngestResult result = running.get(60, TimeUnit.SECONDS);
        assertThat(result.status()).as(result.message()).isEqualTo("COMPLETED");
        assertThat(fetched(result)).hasSameBinaryContentAs(file);
    }

    @Test
    void fp_53_a_resumed_saga_waits_for_the_key_service_and_a_reader_is_refused_by_name() throws Exception {
        Path file = saga.file("three.bin", 2L * StreamingSagaFixture.CHUNK + 1);
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyContains("/chunk-000002"))).times(1).beforeForward(() -> {
            reached.countDown();
            held.await();
        });
        Background.run("ingest", () -> saga.ingest(file));
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
        saga.stop(held::countDown);
        kms.overloadAfter(2); // those of the start
        saga.restart();
        String sagaId = saga.journal().sagas().newest(1).get(0).sagaId();
        awaitWaiting();
        kms.recover();

        IngestResult result = saga.awaitOutcome(sagaId);
        assertThat(result.status()).as(result.message()).isEqualTo("COMPLETED");
        assertThat(result.runs()).isGreaterThan(1);
        saga.restart();
        kms.stop();
        assertThatThrownBy(() -> fetched(result)).hasMessageContaining("the key service does not answer");
        kms.recover();
        assertThat(fetched(result)).hasSameBinaryContentAs(file);
    }

    @Test
    void fp_53_a_refused_or_deleted_key_is_named_and_nothing_is_lost() throws Exception {
        Path file = saga.file("one.bin", 1000);
        IngestResult stored = saga.ingest(file);
        String two = kms.createKey("two");
        kms.pointAlias(ALIAS, two);
        kms.disable(two);

        IngestResult refused = saga.ingest(saga.file("other.bin", 1000));

        assertThat(refused.status()).isEqualTo("COMPENSATED");
        assertThat(refused.message()).contains(ALIAS, "refuses the key");
        assertThat(fetched(stored)).hasSameBinaryContentAs(file);
        kms.pointAlias(ALIAS, key);
        kms.delete(key);
        saga.stop(() -> {});
        Files.delete(directory.resolve("copy"));
        kms.pointAlias(ALIAS, kms.createKey("three"));
        saga.restart();
        assertThatThrownBy(() -> fetched(stored)).hasMessageContaining(key);
    }

    @Test
    void rotation_replaces_the_key_in_journal_and_manifest_while_documents_are_read() throws Exception {
        Path file = saga.file("two.bin", StreamingSagaFixture.CHUNK + 1L);
        IngestResult document = saga.ingest(file);
        assertThat(manifest()).contains(key);
        String two = kms.createKey("two");
        kms.pointAlias(ALIAS, two);
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).times(1).answer(500, "InternalError");

        RotationProgress broken = rotate();
        kms.stop();
        assertThatThrownBy(() -> operator().keys().rotate()).hasMessageContaining("the key service does not answer");
        kms.recover();
        RotationProgress done = rotate();

        assertThat(broken.state()).isEqualTo(RotationProgress.State.STOPPED);
        assertThat(done.state()).as("%s", done.errors()).isEqualTo(RotationProgress.State.DONE);
        assertThat(manifest()).contains(two).doesNotContain(key);
        kms.delete(key);
        saga.restart();
        assertThat(fetched(document)).hasSameBinaryContentAs(file);
        SagaRecord stored = operator()
                .findDocument(Objects.requireNonNull(document.documentId()))
                .orElseThrow();
        assertThat(operator().verify(stored, true)).isEmpty();
        assertThat(operator().keys().report().keys())
                .singleElement()
                .satisfies(use -> assertThat(use.documents()).isOne());
    }

    private RotationProgress rotate() {
        KeyOperator keys = operator().keys();
        keys.rotate();
        await().atMost(PATIENCE).until(() -> keys.progress().state() != RotationProgress.State.RUNNING);
        return keys.progress();
    }
}
