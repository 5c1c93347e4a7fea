package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/**
 * The identity of a source file at one time. If it differs later, the file was changed or touched.
 *
 * @param fileKey device and inode, or empty where the file system has none
 * @param modifiedNanos time of last modification, nanoseconds since the epoch
 * @param changedNanos time of the last change of content or attributes, which no program can set back, in nanoseconds
 *     since the epoch; 0 where the file system has none
 */
@PublicApi
public record SourceIdentity(String fileKey, long sizeBytes, long modifiedNanos, long changedNanos) {
    /** Network file systems keep modification times with less precision than local ones. */
    private static final long SAME_TIME_NANOS = 1_000_000_000L;

    /** Of a document that never was a file here. */
    public static final SourceIdentity NONE = new SourceIdentity("", 0, 0, 0);

    /** Whether both seem to be the same unchanged file. A modification time that was set back is not detected. */
    public boolean looksLike(SourceIdentity other) {
        return fileKey.equals(other.fileKey) && sizeBytes == other.sizeBytes && modifiedNanos == other.modifiedNanos;
    }

    /**
     * Whether both may be the same unchanged file, seen by two hosts: size and modification time agree. Device and
     * inode differ between two mounts of one share, so the content decides.
     */
    public boolean mayBeSharedWith(SourceIdentity other) {
        return sizeBytes == other.sizeBytes && Math.abs(modifiedNanos - other.modifiedNanos) < SAME_TIME_NANOS;
    }
}
