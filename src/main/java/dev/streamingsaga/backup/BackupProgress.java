package dev.streamingsaga.backup;

/** Receives the progress of a backup or restore, about once for each file. */
@FunctionalInterface
public interface BackupProgress {
    /**
     * @param phase in words
     * @param doneBytes so far
     * @param totalBytes of the phase, as estimated; 0 if unknown
     */
    void report(String phase, long doneBytes, long totalBytes);
}
