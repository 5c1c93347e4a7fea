package dev.streamingsaga.source;

import dev.streamingsaga.journal.SourceIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A pass over a source that is under way beside other work: is its SHA-256 still the one that is on record? Whoever wants to build
 * upon the answer waits for it in {@link #await}.
 */
public final class SourceProof {
    private static final int BUFFER_BYTES = 256 * 1024;

    private final FutureTask<Void> pass;

    private SourceProof(FutureTask<Void> pass) {
        this.pass = pass;
    }

    /**
     * Begins to read.
     *
     * @param sha256 of the whole file, as it must be
     * @param wanted called now and then; what it throws ends the pass and is thrown by {@link #await}
     */
    public static SourceProof begin(Path path, SourceIdentity identity, String sha256, Runnable wanted) {
        FutureTask<Void> pass = new FutureTask<>(() -> {
            SourceFile.check(path, identity);
            if (!sha256(path, identity.sizeBytes(), wanted).equals(sha256)) {
                throw SourceFile.modified(path);
            }
            SourceFile.check(path, identity);
        }, null);
        Thread thread = new Thread(pass, "source-proof");
        thread.setDaemon(true);
        thread.start();
        return new SourceProof(pass);
    }

    /**
     * @throws dev.streamingsaga.journal.SagaException HASH_MISMATCH, FILE_NOT_FOUND or FILE_NOT_READABLE if the file is not, or no
     *     longer, what it must be; or what {@code wanted} threw
     */
    public void await() {
        try {
            pass.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a source was being read", e);
        }
    }

    /** Of the whole file, on the caller's thread, without the hashes of its chunks; a file that grew is not read on for ever. */
    static String sha256(Path path, long sizeBytes, Runnable wanted) {
        MessageDigest digest = DigestPass.sha256();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        long read = 0;
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            for (long block = 0; read <= sizeBytes; block++) {
                if (block % 16 == 0) {
                    wanted.run();
                }
                int n = file.read(buffer.clear());
                if (n < 0) {
                    break;
                }
                digest.update(buffer.array(), 0, n);
                read += n;
            }
        } catch (IOException e) {
            throw SourceFile.refused(path, e);
        }
        if (read != sizeBytes) {
            throw SourceFile.modified(path);
        }
        return DigestPass.hex(digest);
    }
}
