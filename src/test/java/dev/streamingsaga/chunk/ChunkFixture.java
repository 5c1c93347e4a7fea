package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.embedded.EmbeddedS3;
import dev.streamingsaga.embedded.FaultyS3;
import dev.streamingsaga.encryption.DocumentKeys;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import software.amazon.awssdk.services.s3.S3Client;

/** The chunk routes over a real embedded S3 server. */
final class ChunkFixture implements AutoCloseable {
    static final int MIB = 1024 * 1024;
    static final int CHUNK = 5 * MIB;

    final SagaConfig config;
    final FaultyS3 faults = new FaultyS3();
    final S3Client s3;
    final Path dataDir;
    final Sealing sealing;
    private final EmbeddedS3 server;
    final CamelContext context = new DefaultCamelContext();
    private final ProducerTemplate template;

    ChunkFixture(Path dataDir, SagaConfig config) throws Exception {
        this(dataDir, config, Optional.empty());
    }

    /** @param keys empty: without encryption */
    ChunkFixture(Path dataDir, SagaConfig config, Optional<DocumentKeys> keys) throws Exception {
        this.sealing = Sealing.open(config.documents().chunk().storedAs(), keys);
        this.dataDir = Files.createDirectories(dataDir);
        this.config = config;
        server = faults.start(dataDir);
        s3 = S3Clients.create(config.servers().s3(), server.endpoint(), server.accessKey(), server.secretKey());
        new ChunkStore(config, s3).ensureBucket();
        context.addRoutes(new ChunkRoutes(config, s3, sealing, () -> ""));
        context.start();
        template = context.createProducerTemplate();
    }

    static SagaConfig config(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("saga.chunk.size", "5MiB");
        values.put("saga.chunk.retry-delay", "0s");
        values.put("saga.s3.timeout", "20s");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        return Settings.parse(values);
    }

    static Path file(Path dir, long sizeBytes) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(sizeBytes)];
        new Random(sizeBytes).nextBytes(bytes);
        return Files.write(dir.resolve("source-" + sizeBytes + ".bin"), bytes);
    }

    Digests digest(Path file) {
        return digest(file, config.documents().chunk().sizeBytes());
    }

    Digests digest(Path file, long chunkSizeBytes) {
        return SourceFile.digest(file, SourceFile.identity(file), chunkSizeBytes, done -> {}, () -> {});
    }

    RecordingRun run(Path file, String sagaId, Digests digests) {
        return run(file, sagaId, digests, config.documents().chunk().sizeBytes());
    }

    RecordingRun run(Path file, String sagaId, Digests digests, long chunkSizeBytes) {
        SourceIdentity identity = SourceFile.identity(file);
        return new RecordingRun(new Document(
                "doc-" + sagaId,
                sagaId,
                file,
                file.getFileName().toString(),
                "application/octet-stream",
                digests.sizeBytes(),
                digests.sha256(),
                digests.chunkSha256().size(),
                chunkSizeBytes,
                config.servers().s3().bucket(),
                config.documents().chunk().prefix() + "/doc-" + sagaId + "/" + sagaId + "/",
                "owner",
                "internal",
                "none",
                Instant.EPOCH,
                identity));
    }

    RecordingRun run(Path file, String sagaId) {
        return run(file, sagaId, digest(file));
    }

    /** Rethrows the exception of the exchange. */
    void send(String route, Run run, Digests digests) {
        Exchange exchange = template.request(config.direct(route), e -> {
            e.setProperty(ExchangeKeys.RUN, run);
            e.setProperty(ExchangeKeys.DIGESTS, digests);
            e.getMessage().setBody(run.document().facts());
        });
        rethrow(exchange);
        if (!run.document().facts().equals(exchange.getMessage().getBody())) {
            throw new AssertionError(
                    "the route changed the body: " + exchange.getMessage().getBody());
        }
    }

    void upload(RecordingRun run) {
        send("store-upload", run, digest(run.document().path()));
    }

    void verify(RecordingRun run) {
        send("verify", run, null);
    }

    @SuppressWarnings("unchecked")
    List<String> compensate(Map<String, Object> facts) {
        return rethrow(template.request(
                        config.direct("store-upload-compensate"),
                        e -> e.getMessage().setBody(facts)))
                .getMessage()
                .getBody(List.class);
    }

    @SuppressWarnings("unchecked")
    List<String> count(Map<String, Object> facts) {
        return rethrow(template.request(
                        config.direct("store-upload-count"), e -> e.getMessage().setBody(facts)))
                .getMessage()
                .getBody(List.class);
    }

    ChunkStore store() {
        return new ChunkStore(config, s3, sealing);
    }

    List<String> keys(RecordingRun run) {
        return store().keys(run.document().keyPrefix());
    }

    Path stored(String key) {
        return dataDir.resolve("bucket").resolve(config.servers().s3().bucket()).resolve(key);
    }

    URI endpoint() {
        return server.endpoint();
    }

    void stopServer() {
        server.close();
    }

    private static Exchange rethrow(Exchange exchange) {
        if (exchange.getException() instanceof SagaException e) {
            throw e;
        }
        if (exchange.getException() != null) {
            throw new AssertionError("not a SagaException", exchange.getException());
        }
        return exchange;
    }

    @Override
    public void close() throws Exception {
        context.stop();
        s3.close();
        server.close();
    }
}
