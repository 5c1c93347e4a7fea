package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The upload of one object, with all its attempts. Passed on as an exchange property; used by one thread. */
final class ObjectPut {
    private static final Logger LOG = LoggerFactory.getLogger(ObjectPut.class);
    private static final String PROPERTY = "SagaObjectPut";

    private final Upload upload;
    private final @Nullable ChunkRow row;
    private ObjectDescription object;
    private ChunkSealer.@Nullable Sealed sealed;
    private int attempt;
    private Run.@Nullable Permit permit;

    private ObjectPut(Upload upload, @Nullable ChunkRow row, ObjectDescription object) {
        this.upload = upload;
        this.row = row;
        this.object = object;
    }

    /** @param body a {@link FileRegion}, a {@link SealedChunk} or a byte array */
    record ObjectDescription(String name, String key, long sizeBytes, String sha256, Object body) {}

    static ObjectPut chunk(Upload upload, ChunkRow row) {
        return chunk(upload, row, new FileRegion(upload.document().path(), row.offset(), row.sizeBytes()));
    }

    /** @param bytes where the bytes of the chunk are */
    static ObjectPut chunk(Upload upload, ChunkRow row, FileRegion bytes) {
        return new ObjectPut(
                upload,
                row,
                new ObjectDescription("chunk " + row.index(), row.key(), row.sizeBytes(), row.sha256(), bytes));
    }

    static ObjectPut object(Upload upload, ObjectDescription object) {
        return new ObjectPut(upload, null, object);
    }

    static ObjectPut of(Exchange exchange) {
        return exchange.getProperty(PROPERTY, ObjectPut.class);
    }

    void attach(Exchange exchange) {
        exchange.setProperty(PROPERTY, this);
    }

    /** Counts the attempt and acquires a permit for it. */
    void begin() {
        attempt++;
        permit = run().permit();
    }

    void end() {
        if (permit != null) {
            permit.close();
            permit = null;
        }
    }

    /** Replaces the bytes to send by their stored form; all attempts send the same. */
    void send(ChunkSealer.Sealed form) {
        sealed = form;
        object = new ObjectDescription(
                object.name, object.key, form.form().sizeBytes(), form.form().sha256(), form.bytes());
    }

    /** How the object is stored; empty if it has its own bytes. */
    Optional<StoredForm> storedForm() {
        return Optional.ofNullable(sealed).map(ChunkSealer.Sealed::form);
    }

    boolean isSealed() {
        return sealed != null;
    }

    /** Releases the stored form after the last attempt. */
    void release() {
        if (sealed != null) {
            try {
                sealed.bytes().close();
            } catch (IOException e) {
                LOG.warn("cannot remove the stored form of {}: {}", this, e.toString());
            }
        }
    }

    static void release(Exchange exchange) {
        ObjectPut put = exchange.getProperty(PROPERTY, ObjectPut.class);
        if (put != null) {
            put.release();
        }
    }

    int attempt() {
        return attempt;
    }

    ObjectDescription object() {
        return object;
    }

    /** The chunk's row; empty for the manifest. */
    Optional<ChunkRow> row() {
        return Optional.ofNullable(row);
    }

    Upload upload() {
        return upload;
    }

    Run run() {
        return upload.run();
    }

    Document document() {
        return upload.document();
    }

    /** @throws dev.streamingsaga.journal.SagaException if the document comes from a file that has changed */
    void checkSource() {
        if (document().hasFile()) {
            SourceFile.check(document().path(), document().identity());
        }
    }

    @Override
    public String toString() {
        return object.name + " of saga " + run().sagaId();
    }
}
