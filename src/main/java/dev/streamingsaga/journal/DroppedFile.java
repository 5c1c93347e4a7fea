package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A file of a drop folder that is rechecked for some time after its saga has ended.
 *
 * @param path where it is now
 * @param source where it was dropped; the same as {@code path} if it was not moved
 * @param identity when the file was last known to be unchanged; {@code changedNanos} is {@link #UNKNOWN} until the move
 *     is recorded
 * @param until when the last recheck is due
 * @param alerts 0: none yet; 1: it has changed; 2: it could not be moved back
 */
public record DroppedFile(Path path, Path source, String sagaId, SourceIdentity identity, Instant until, int alerts) {
    /** Not known, since a move changes this time. */
    public static final long UNKNOWN = -1;

    public boolean wasMoved() {
        return !path.equals(source);
    }
}
