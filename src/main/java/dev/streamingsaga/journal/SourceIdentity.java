package dev.streamingsaga.journal;

/**
 * What a source file looked like: a later look that differs means somebody touched it.
 *
 * @param fileKey device and inode, or empty where the file system has none
 * @param modifiedNanos time of last modification, nanoseconds since the epoch
 * @param changedNanos time of the last change of content or attributes, which nobody can set back, nanoseconds since
 *     the epoch; 0 where the file system has none
 */
public record SourceIdentity(String fileKey, long sizeBytes, long modifiedNanos, long changedNanos) {
    /** The same file as far as a look can tell; a modification time that was set back is not noticed. */
    public boolean looksLike(SourceIdentity other) {
        return fileKey.equals(other.fileKey) && sizeBytes == other.sizeBytes && modifiedNanos == other.modifiedNanos;
    }
}
