package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SourceIdentity;
import java.nio.file.Path;

/** What is known about a file in its current state. A file that changes gets a new instance. */
final class TrackedFile {
    enum State {
        /** The journal must be queried. */
        UNKNOWN,
        /** No saga has ingested the file in its current state. */
        FRESH,
        /** The saga has ended, and the file is moved or kept. Nothing is left to do. */
        SETTLED
    }

    private final Path file;
    private final SourceIdentity identity;
    private final long sinceNanos;
    private volatile State state = State.UNKNOWN;

    TrackedFile(Path file, SourceIdentity identity, long sinceNanos) {
        this.file = file;
        this.identity = identity;
        this.sinceNanos = sinceNanos;
    }

    Path file() {
        return file;
    }

    SourceIdentity identity() {
        return identity;
    }

    /** When the file was first seen in this state, by {@link System#nanoTime}. */
    long sinceNanos() {
        return sinceNanos;
    }

    State state() {
        return state;
    }

    void setState(State newState) {
        state = newState;
    }
}
