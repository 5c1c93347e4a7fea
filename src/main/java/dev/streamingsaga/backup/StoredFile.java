package dev.streamingsaga.backup;

/**
 * A file of a backup.
 *
 * @param path relative to the data directory, with slashes
 * @param sha256 lower-case hex
 */
record StoredFile(String path, long sizeBytes, String sha256) {}
