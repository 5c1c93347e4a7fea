package dev.streamingsaga.backup;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A finished backup.
 *
 * @param moment the state of the instance that it holds
 * @param documents completed documents in its journal
 * @param unfinished sagas that were running then
 * @param files all files, databases and objects
 * @param missing objects that the journal of that moment names, but that were removed while the bucket was copied, or
 *     whose bytes are not those of the journal; empty if the backup is complete
 * @param notIncluded what is on other servers and has to be backed up there
 */
public record BackupResult(
        Path directory,
        Instant moment,
        long documents,
        long unfinished,
        long files,
        long sizeBytes,
        List<String> missing,
        List<String> notIncluded) {
    public BackupResult {
        missing = List.copyOf(missing);
        notIncluded = List.copyOf(notIncluded);
    }
}
