package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.OpenUpload.Tail;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.sealing.DocumentSealing;
import dev.streamingsaga.sealing.Sealing;
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
    private final Sealing sealing;
    private final ChunkSealer sealer;
    private final ProducerTemplate template;

    /** @param s3 closed by the caller */
    public IncomingObjects(SagaConfig config, CamelContext context, S3Client s3, Sealing sealing) {
        this.config = config;
        this.s3 = s3;
        this.sealing = sealing;
        this.sealer = ChunkSealer.withoutMemory(config, sealing);
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

    /**
     * As {@link #sendChunk}, for the tail; journal it afterwards.
     *
     * @throws IOException if the disk has no room for its encrypted form
     */
    public void sendTail(Run run, Tail tail, Path bytes) throws IOException {
        FileRegion plain = new FileRegion(bytes, 0, tail.sizeBytes());
        ObjectPut put = ObjectPut.object(
                new Upload(run, false),
                new ObjectPut.ObjectDescription("the tail", tail.key(), tail.sizeBytes(), tail.sha256(), plain));
        sealer.tail(run.document(), tail, plain).ifPresent(put::send);
        send(put);
    }

    private void send(ObjectPut put) {
        Exchange sent;
        try {
            sent = template.send(config.direct(ChunkRoutes.CHUNK_ATTEMPTS), put::attach);
        } finally {
            put.release();
        }
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
        read(run, List.of(expected(run, tail)), out);
    }

    /** An encrypted tail is larger than its bytes; its hash is compared in either case. */
    private OrderedRead.Expected expected(Run run, Tail tail) {
        long storedBytes =
                bucket(run).head(tail.key()).map(Bucket.StoredObject::sizeBytes).orElse(tail.sizeBytes());
        DocumentSealing objects = ChunkSealer.of(sealing, run.document());
        OrderedRead.Decoding decoding = storedBytes == tail.sizeBytes()
                ? OrderedRead.Decoding.NONE
                : stored -> objects.open(
                        ChunkSealer.tail(objects, run.document(), tail), StoredForm.NONE, Sealing.ENCRYPTION, stored);
        return new OrderedRead.Expected(tail.key(), tail.sizeBytes(), tail.sha256(), storedBytes, decoding);
    }

    /**
     * The hash of the whole body, from one read of all its chunks.
     *
     * @throws SagaException as {@link #readTail}
     */
    public String sha256(Run run, List<ChunkRow> chunks) throws IOException {
        DocumentSealing objects = ChunkSealer.of(sealing, run.document());
        return read(
                run,
                chunks.stream()
                        .map(row -> OrderedRead.Expected.of(row, objects))
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
