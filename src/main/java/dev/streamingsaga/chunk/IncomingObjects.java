package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.OpenUpload.Tail;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.RuntimeCamelException;
import software.amazon.awssdk.services.s3.S3Client;

/** Writes the objects of bodies that are arriving, each with the attempts and pauses of any chunk. Thread-safe. */
public final class IncomingObjects implements AutoCloseable {
    private final SagaConfig config;
    private final S3Client s3;
    private final ProducerTemplate template;

    /** @param s3 closed by the caller */
    public IncomingObjects(SagaConfig config, CamelContext context, S3Client s3) {
        this.config = config;
        this.s3 = s3;
        this.template = context.createProducerTemplate();
    }

    /** The key of a chunk below the prefix of its saga. */
    public static String chunkKey(String keyPrefix, int index) {
        return ChunkKeys.chunk(keyPrefix, index);
    }

    /** The key of the bytes behind the last whole chunk. Each length of a body has a tail of its own. */
    public static String tailKey(String keyPrefix, long end) {
        return ChunkKeys.tail(keyPrefix, end);
    }

    /**
     * Sends one chunk whose row is journaled.
     *
     * @param bytes a file that contains exactly the chunk
     * @throws SagaException MAX_RETRIES_EXCEEDED, STORAGE_FULL, STORE_FAILED, or why the run was revoked
     */
    public void sendChunk(Run run, ChunkRow row, Path bytes) {
        Upload upload = new Upload(run, false);
        send(ObjectPut.chunk(upload, row, new FileRegion(bytes, 0, row.sizeBytes())));
    }

    /** As {@link #sendChunk}, for the tail; journal it afterwards. */
    public void sendTail(Run run, Tail tail, Path bytes) {
        send(ObjectPut.object(
                new Upload(run, false),
                new ObjectPut.ObjectDescription(
                        "the tail",
                        tail.key(),
                        tail.sizeBytes(),
                        tail.sha256(),
                        new FileRegion(bytes, 0, tail.sizeBytes()))));
    }

    private void send(ObjectPut put) {
        Exchange sent = template.send(config.direct(ChunkRoutes.CHUNK_ATTEMPTS), put::attach);
        if (sent.getException() != null) {
            throw UploadFailures.find(sent.getException(), SagaException.class)
                    .map(RuntimeException.class::cast)
                    .orElseGet(() -> RuntimeCamelException.wrapRuntimeCamelException(sent.getException()));
        }
    }

    /**
     * Reads the tail back.
     *
     * @throws SagaException CHUNK_MISSING, SIZE_MISMATCH, CHUNK_CORRUPT or STORE_FAILED; discard what was written
     */
    public void readTail(Run run, Tail tail, OutputStream out) throws IOException {
        read(run, List.of(new OrderedRead.Expected(tail.key(), tail.sizeBytes(), tail.sha256())), out);
    }

    /**
     * The hash of the whole body, from one read of all its chunks.
     *
     * @throws SagaException as {@link #readTail}
     */
    public String sha256(Run run, List<ChunkRow> chunks) throws IOException {
        return read(
                run,
                chunks.stream()
                        .map(row -> new OrderedRead.Expected(row.key(), row.sizeBytes(), row.sha256()))
                        .toList(),
                OutputStream.nullOutputStream());
    }

    private String read(Run run, List<OrderedRead.Expected> objects, OutputStream out) throws IOException {
        return new OrderedRead(bucket(run)).read(objects, out, run::check);
    }

    /** Deletes all tails except one, which may be none. */
    public void deleteTails(Run run, String except) {
        Bucket bucket = bucket(run);
        String prefix = run.document().keyPrefix();
        bucket.list(ChunkKeys.tails(prefix), config.servers().s3().timeout()).keySet().stream()
                .filter(key -> !key.equals(except))
                .forEach(bucket::delete);
    }

    private Bucket bucket(Run run) {
        return new Bucket(s3, run.document().bucket());
    }

    @Override
    public void close() {
        template.stop();
    }
}
