package dev.streamingsaga.chunk;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A file of three chunks and the rows that the journal has for it; nothing is uploaded. */
record PlannedDocument(Document document, List<ChunkRow> rows) {
    static final String PREFIX = "saga/doc-1/saga-1/";
    static final int[] SIZES = {100, 100, 7};

    static PlannedDocument in(Path directory) throws IOException {
        byte[] bytes = new byte[207];
        new Random(1).nextBytes(bytes);
        Path file = Files.write(directory.resolve("source.bin"), bytes);
        Document document = new Document(
                "doc-1",
                "saga-1",
                file,
                "source.bin",
                "application/octet-stream",
                bytes.length,
                Sha256.of(bytes),
                SIZES.length,
                100,
                "bucket",
                PREFIX,
                "owner",
                "internal",
                "none",
                Instant.parse("2026-11-22T10:00:00Z"),
                SourceFile.identity(file));
        List<ChunkRow> rows = IntStream.range(0, SIZES.length)
                .mapToObj(i ->
                        row(i, i * 100L, SIZES[i], Sha256.of(Arrays.copyOfRange(bytes, i * 100, i * 100 + SIZES[i]))))
                .toList();
        return new PlannedDocument(document, rows);
    }

    static ChunkRow row(int index, long offset, long size, String sha256) {
        return new ChunkRow(index, offset, size, ChunkKeys.chunk(PREFIX, index), sha256, ChunkState.SENT, 1);
    }
}
