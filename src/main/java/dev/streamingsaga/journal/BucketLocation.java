package dev.streamingsaga.journal;

/**
 * Where documents are stored: a bucket, and our prefix in it.
 *
 * @param prefix without a trailing slash
 */
public record BucketLocation(String bucket, String prefix) {}
