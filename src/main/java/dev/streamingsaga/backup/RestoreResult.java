package dev.streamingsaga.backup;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A finished restore.
 *
 * @param moment the state that was restored
 * @param documents completed documents
 * @param paused sagas that were at work then; each is PAUSED, and continues or ends only when told
 * @param missing objects that the backup does not have
 * @param elsewhere what the backup does not include
 * @param replaced where the former data directory was moved
 */
public record RestoreResult(
        Path dataDir,
        Instant moment,
        long documents,
        List<String> paused,
        List<String> missing,
        List<String> elsewhere,
        Optional<Path> replaced) {
    public RestoreResult {
        paused = List.copyOf(paused);
        missing = List.copyOf(missing);
        elsewhere = List.copyOf(elsewhere);
    }
}
