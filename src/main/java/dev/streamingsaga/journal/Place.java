package dev.streamingsaga.journal;

/**
 * Where documents lie: a bucket, and the prefix in it that is ours.
 *
 * @param prefix without a slash at its end
 */
public record Place(String bucket, String prefix) {}
