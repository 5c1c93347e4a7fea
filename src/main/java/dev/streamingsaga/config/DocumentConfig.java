package dev.streamingsaga.config;

import dev.streamingsaga.access.SecurityLabel;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a document must be, and what is done to it. */
public record DocumentConfig(Source source, Security security, Chunk chunk, Content content) {

    /**
     * What to do when a file is already in an unfinished saga, or its content is already stored.
     *
     * @param versionsKept versions of a document that stay fetchable, the current one included
     * @param claimRoots folders in which messages of the user's own routes may name files; empty: nowhere
     */
    public record Source(
            long maxSizeBytes,
            List<Path> roots,
            OnConflict onConflict,
            Duplicates duplicates,
            int versionsKept,
            List<Path> claimRoots) {}

    public enum OnConflict {
        JOIN,
        WAIT,
        REFUSE,
        WARN
    }

    public enum Duplicates {
        SKIP,
        VERSION,
        REJECT
    }

    /** Defaults of the security record. */
    public record Security(String owner, String classification, String keyId) {
        /** Of documents that come without one. */
        public SecurityLabel label() {
            return new SecurityLabel(owner, classification);
        }
    }

    /**
     * @param sizeBytes size of every chunk but the last
     * @param parallelism chunks that one saga sends to the bucket at a time
     * @param attempts attempts for one chunk, the first included
     * @param retryDelay pause before the next attempt
     * @param readBack verify reads every stored byte again instead of trusting the bucket's checksum
     */
    public record Chunk(
            long sizeBytes,
            String prefix,
            int parallelism,
            int attempts,
            Duration retryDelay,
            boolean readBack,
            StoredAs storedAs) {}

    /** How chunks are compressed. */
    public enum ChunkCompression {
        NONE,
        ZSTD
    }

    /** How chunks are encrypted. */
    public enum ChunkEncryption {
        NONE,
        AES256_GCM
    }

    /**
     * The stored form of chunks.
     *
     * @param level of the compression
     * @param memoryBytes for chunks that are being sent; the rest is in files
     */
    public record StoredAs(ChunkCompression compression, int level, ChunkEncryption encryption, long memoryBytes) {
        /** Every chunk as it is. */
        public static final StoredAs PLAIN = new StoredAs(ChunkCompression.NONE, 1, ChunkEncryption.NONE, 0);
    }

    /** What to do with a document whose text cannot be read completely. */
    public enum OnFailure {
        KEEP,
        REJECT
    }

    /**
     * @param segmentTokens longest segment, in tokens of the embedding model
     * @param charset of text files whose charset cannot be found out
     * @param passwords file of passwords, one a line, for locked documents
     */
    public record Content(
            int segmentTokens,
            int segmentOverlapTokens,
            long maxTextChars,
            Charset charset,
            Attachments attachments,
            Optional<Path> passwords,
            Reading reading,
            OnFailure onFailure,
            Recognition recognition) {}

    /**
     * Which files inside a document are read.
     *
     * @param depth 1: only those in the document itself; 0: none
     * @param max how many in all
     * @param maxBytes unpacked size of all
     */
    public record Attachments(int depth, int max, long maxBytes) {}

    /** Where documents are read. */
    public enum IsolationMode {
        /** In processes of their own in the stand-alone application, in this process in a hub. */
        AUTO,
        PROCESS,
        IN_PROCESS
    }

    /**
     * Where the text of documents is extracted, and what that may cost.
     *
     * @param workers processes that read documents; 0: one for each processor, at most one for each concurrent saga
     * @param memoryBytes heap of such a process
     * @param idle after which a process that reads nothing ends
     * @param limits for one document
     * @param settings all settings of {@code saga.content}, as they were written
     */
    public record Reading(
            IsolationMode isolation,
            int workers,
            long memoryBytes,
            Duration idle,
            ReadingLimits limits,
            Map<String, String> settings) {}

    /**
     * What reading one document may cost.
     *
     * @param cpuTime processor time for any document
     * @param cpuTimePerMib more of it for each MiB of the document
     * @param stall how long the parser may do nothing at all
     * @param temporaryBytes temporary files, beyond twice the size of the document
     * @param pages the pages after them have no text
     */
    public record ReadingLimits(
            Duration cpuTime, Duration cpuTimePerMib, Duration stall, long temporaryBytes, int pages) {}

    /**
     * Recognition of text in images.
     *
     * @param languages as tesseract names them
     * @param pageCpu the most processor time for one page
     */
    public record Recognition(OcrMode mode, List<String> languages, Duration pageCpu) {}

    public enum OcrMode {
        OFF,
        /** If tesseract is installed. */
        AUTO
    }
}
