package dev.streamingsaga.upload;

import dev.streamingsaga.chunk.IncomingObjects;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.Document;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Cuts the bytes of a body into chunks, and passes each on when it is full. Used by one thread. */
final class ChunkedBody extends OutputStream {
    private final Document document;
    private final ChunkSender sender;
    private final PartNames names;
    private final Consumer<Path> firstChunk;
    private int index;
    private long chunkStart;
    private @Nullable PartFile part;

    /** Creates a new file for each chunk. */
    @FunctionalInterface
    interface PartNames {
        Path of(int index);
    }

    /**
     * @param sent chunks before this body's
     * @param firstChunk gets the file of the first chunk before that chunk is sent
     */
    ChunkedBody(ActiveRun run, ChunkSender sender, PartNames names, List<ChunkRow> sent, Consumer<Path> firstChunk) {
        this.document = run.document();
        this.sender = sender;
        this.names = names;
        this.index = sent.size();
        this.chunkStart = sent.stream().mapToLong(ChunkRow::sizeBytes).sum();
        this.firstChunk = firstChunk;
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int written = 0;
        while (written < length) {
            PartFile open = part();
            int n = (int) Math.min(document.chunkSizeBytes() - open.size(), length - written);
            open.write(bytes, offset + written, n);
            written += n;
            if (open.size() == document.chunkSizeBytes()) {
                seal();
            }
        }
    }

    private PartFile part() throws IOException {
        if (part == null) {
            part = PartFile.create(names.of(index));
        }
        return part;
    }

    private void seal() throws IOException {
        PartFile full = part();
        String sha256 = full.close();
        part = null;
        try {
            if (index == 0) {
                firstChunk.accept(full.path());
            }
        } catch (RuntimeException e) {
            full.delete();
            throw e;
        }
        String key = IncomingObjects.chunkKey(document.keyPrefix(), index);
        sender.send(new ChunkRow(index, chunkStart, full.size(), key, sha256, ChunkState.PENDING, 0), full);
        index++;
        chunkStart += full.size();
    }

    /** Sends the last chunk; nothing can be written afterwards. */
    void end() throws IOException {
        if (part != null) {
            seal();
        } else if (index == 0) {
            // An empty body has no chunk, only a type.
            PartFile empty = part();
            part = null;
            try {
                empty.close();
                firstChunk.accept(empty.path());
            } finally {
                empty.delete();
            }
        }
    }

    /** Takes out the bytes that do not fill a chunk yet; null if there are none. */
    @Nullable
    PartFile takePart() {
        PartFile taken = part;
        part = null;
        return taken;
    }

    /** Number of bytes so far. */
    long size() {
        return chunkStart + (part == null ? 0 : part.size());
    }

    /** Where the chunk begins that fills up. */
    long chunkStart() {
        return chunkStart;
    }

    int chunks() {
        return index;
    }

    /** Drops what does not fill a chunk yet. */
    void discard() {
        PartFile taken = takePart();
        if (taken != null) {
            taken.delete();
        }
    }
}
