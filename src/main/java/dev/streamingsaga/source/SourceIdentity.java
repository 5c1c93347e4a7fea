package dev.streamingsaga.source;

/**
 * What a source file looked like: a later look that differs means somebody touched it.
 *
 * @param fileKey device and inode, or empty where the file system has none
 * @param modifiedNanos time of last modification, nanoseconds since the epoch
 */
public record SourceIdentity(String fileKey, long sizeBytes, long modifiedNanos) {}
