package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A file of a drop folder whose saga has ended, and which is looked at again for a while.
 *
 * @param path where it is now
 * @param source where it was dropped; the same as {@code path} if it was not moved
 * @param identity as it was when it was last known to be unchanged; {@code changedNanos} is {@link #UNKNOWN} before the
 *     move is marked
 * @param until when the last look is due
 * @param alerts 0: none yet; 1: it has changed; 2: it could not be moved back
 */
public record DroppedFile(Path path, Path source, String sagaId, SourceIdentity identity, Instant until, int alerts) {
    /** Not known: a move changes the time of the last change. */
    public static final long UNKNOWN = -1;

    public boolean wasMoved() {
        return !path.equals(source);
    }
}
