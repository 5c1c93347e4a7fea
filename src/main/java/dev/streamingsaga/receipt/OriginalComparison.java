package dev.streamingsaga.receipt;

import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The comparison of a file with a receipt.
 *
 * @param sizeBytes of the file
 * @param sha256 of the file
 * @param differingChunks indexes of the chunks whose bytes differ or are missing
 * @param same whether the file is the document, byte by byte
 */
public record OriginalComparison(long sizeBytes, String sha256, List<Integer> differingChunks, boolean same) {
    private static final int BUFFER_BYTES = 64 * 1024;

    /**
     * Reads the file once.
     *
     * @throws IOException if it cannot be read
     */
    public static OriginalComparison of(Path file, Statement statement) throws IOException {
        MessageDigest whole = Sha256.digest();
        List<Integer> differing = new ArrayList<>();
        long size = 0;
        Statement.@Nullable Content content = statement.content();
        try (InputStream bytes = Files.newInputStream(file)) {
            for (Statement.Chunk chunk : content == null ? List.<Statement.Chunk>of() : content.chunks()) {
                MessageDigest part = Sha256.digest();
                long read = read(bytes, chunk.size(), whole, part);
                size += read;
                if (read != chunk.size() || !Sha256.hex(part).equals(chunk.sha256())) {
                    differing.add(chunk.index());
                }
            }
            size += read(bytes, Long.MAX_VALUE, whole, Sha256.digest());
        }
        String sha256 = Sha256.hex(whole);
        Long signedSize = statement.document().sizeBytes();
        boolean same = differing.isEmpty()
                && signedSize != null
                && size == signedSize
                && sha256.equals(statement.document().sha256());
        return new OriginalComparison(size, sha256, differing, same);
    }

    private static long read(InputStream bytes, long limit, MessageDigest whole, MessageDigest part)
            throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long total = 0;
        while (total < limit) {
            int n = bytes.read(buffer, 0, (int) Math.min(buffer.length, limit - total));
            if (n < 0) {
                break;
            }
            whole.update(buffer, 0, n);
            part.update(buffer, 0, n);
            total += n;
        }
        return total;
    }
}
