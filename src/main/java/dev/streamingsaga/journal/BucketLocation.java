package dev.streamingsaga.journal;

/**
 * Where documents lie: a bucket, and the prefix in it that is ours.
 *
 * @param prefix without a slash at its end
 */
public record BucketLocation(String bucket, String prefix) {}
