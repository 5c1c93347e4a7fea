package dev.streamingsaga.chunk;

import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.journal.Ids;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A private file that holds a fixed number of chunks: those that were used last. It has no name while it is open, so
 * nothing of it remains even if the process is killed. Not thread-safe.
 */
final class ChunkSlots implements AutoCloseable {
    private final Path folder;
    private final long slotBytes;
    private final int count;
    private final Map<Integer, Integer> slotOfChunk = new LinkedHashMap<>(16, 0.75f, true);
    private final Deque<Integer> free = new ArrayDeque<>();
    private @Nullable FileChannel file;

    /**
     * @param folder created if necessary, on first use
     * @param slotBytes size of the largest chunk
     * @param count at least 1
     */
    ChunkSlots(Path folder, long slotBytes, int count) {
        this.folder = folder;
        this.slotBytes = slotBytes;
        this.count = count;
    }

    boolean has(int chunk) {
        return slotOfChunk.containsKey(chunk);
    }

    /** Gives the chunk a slot, if necessary that of the chunk which was not used for the longest time. */
    ChunkSlots.Slot take(int chunk) throws IOException {
        FileChannel open = file();
        int slot = freeSlot();
        slotOfChunk.put(chunk, slot);
        return new ChunkSlots.Slot(open, slot * slotBytes);
    }

    private int freeSlot() {
        if (!free.isEmpty()) {
            return free.pop();
        }
        if (slotOfChunk.size() < count) {
            return slotOfChunk.size();
        }
        Iterator<Integer> eldest = slotOfChunk.values().iterator();
        int slot = eldest.next();
        eldest.remove();
        return slot;
    }

    /** Removes a chunk that was not written completely. */
    void discard(int chunk) {
        Integer slot = slotOfChunk.remove(chunk);
        if (slot != null) {
            free.push(slot);
        }
    }

    /** @param chunk one that {@link #has} a slot */
    int read(int chunk, long from, ByteBuffer target) throws IOException {
        Integer slot = slotOfChunk.get(chunk);
        if (slot == null) {
            throw new IllegalStateException("chunk " + chunk + " has no slot");
        }
        return file().read(target, slot * slotBytes + from);
    }

    private FileChannel file() throws IOException {
        FileChannel open = file;
        if (open == null) {
            open = FileChannel.open(
                    Permissions.folder(folder).resolve("chunks-" + Ids.next()),
                    Set.of(
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE),
                    Permissions.ofFile());
            file = open;
        }
        return open;
    }

    @Override
    public String toString() {
        return folder.toString();
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    /** Where one chunk is written. Remembers a failure of the disk, to tell it from one of the bucket. */
    static final class Slot extends OutputStream {
        private final FileChannel file;
        private final long start;
        private long position;
        private @Nullable IOException failure;

        Slot(FileChannel file, long start) {
            this.file = file;
            this.start = start;
            this.position = start;
        }

        ChunkSlots.Slot rewind() {
            position = start;
            return this;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            ByteBuffer source = ByteBuffer.wrap(bytes, from, length);
            try {
                while (source.hasRemaining()) {
                    position += file.write(source, position);
                }
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        /** @throws IOException the failure of an earlier write */
        void requireWritten() throws IOException {
            if (failure != null) {
                throw failure;
            }
        }
    }
}
