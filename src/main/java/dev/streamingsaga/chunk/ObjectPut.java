package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Run;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** One object on its way, with all its attempts; travels as an exchange property and is used by one thread. */
final class ObjectPut {
    private static final String PROPERTY = "SagaObjectPut";

    private final Upload upload;
    private final @Nullable ChunkRow row;
    private final ObjectPut.ObjectDescription what;
    private int attempt;
    private Run.@Nullable Permit permit;

    private ObjectPut(Upload upload, @Nullable ChunkRow row, ObjectPut.ObjectDescription what) {
        this.upload = upload;
        this.row = row;
        this.what = what;
    }

    /** @param body a {@link FileRegion} or a byte array */
    record ObjectDescription(String name, String key, long sizeBytes, String sha256, Object body) {}

    static ObjectPut chunk(Upload upload, ChunkRow row) {
        FileRegion region = new FileRegion(upload.document().path(), row.offset(), row.sizeBytes());
        return new ObjectPut(
                upload,
                row,
                new ObjectPut.ObjectDescription(
                        "chunk " + row.index(), row.key(), row.sizeBytes(), row.sha256(), region));
    }

    static ObjectPut whole(Upload upload, ObjectPut.ObjectDescription what) {
        return new ObjectPut(upload, null, what);
    }

    static ObjectPut of(Exchange exchange) {
        return exchange.getProperty(PROPERTY, ObjectPut.class);
    }

    void attach(Exchange exchange) {
        exchange.setProperty(PROPERTY, this);
    }

    /** Counts the attempt and takes leave for it. */
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

    int attempt() {
        return attempt;
    }

    ObjectPut.ObjectDescription what() {
        return what;
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

    @Override
    public String toString() {
        return what.name + " of saga " + run().sagaId();
    }
}
