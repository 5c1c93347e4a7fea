package dev.streamingsaga.retention;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/**
 * Archives as JSON Lines in the folder {@code DATA/archive}, a file for each kind and day of archiving (UTC), which
 * only their owner can read. Lines are only appended, and durable when {@link #append} returns; a line that a crash cut
 * off is removed before the next one is written.
 */
final class ArchiveFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Clock clock;

    ArchiveFiles(Path dataDir, Clock clock) {
        this.folder = dataDir.resolve("archive");
        this.clock = clock;
    }

    /** Name of today's file. */
    String file(String kind) {
        return kind + "-" + LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC) + ".jsonl";
    }

    /**
     * Appends a line for each record.
     *
     * @param file from {@link #file}
     * @throws UncheckedIOException if they are not durable; some of the lines may be in the file all the same
     */
    void append(String file, List<? extends Map<String, ?>> records) {
        StringBuilder lines = new StringBuilder();
        records.forEach(line -> lines.append(json(line)).append('\n'));
        Path path = folder.resolve(file);
        try (SideEffects.Span watched = SideEffects.begin("archive", file)) {
            Permissions.folder(folder);
            boolean isNew = !Files.exists(path);
            Permissions.file(path);
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                channel.position(endOfLastLine(channel));
                channel.truncate(channel.position());
                ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (isNew) {
                sync(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot write the archive " + path + " (" + e.getMessage() + "); nothing was removed", e);
        }
    }

    private static String json(Map<String, ?> line) {
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of text and numbers are JSON", e);
        }
    }

    private static long endOfLastLine(FileChannel channel) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(8192);
        long end = channel.size();
        while (end > 0) {
            long start = Math.max(0, end - block.capacity());
            block.clear().limit((int) (end - start));
            while (block.hasRemaining() && channel.read(block, start + block.position()) > 0) {
                // until the block is full
            }
            for (int i = block.position() - 1; i >= 0; i--) {
                if (block.get(i) == '\n') {
                    return start + i + 1;
                }
            }
            end = start;
        }
        return 0;
    }

    /** A new file survives a power failure only with its folder. Not every system can do it. */
    private static void sync(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows cannot open folders; its file system journals them.
        }
    }
}
