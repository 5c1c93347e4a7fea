package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SourceIdentity;
import java.nio.file.Path;

/** What is known of a file as it looks now; a file that has changed gets another one. */
final class TrackedFile {
    enum State {
        /** The journal has to be asked. */
        UNKNOWN,
        /** No saga had the file as it is. */
        FRESH,
        /** A saga has ended, and all is done that is to be done about the file. */
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

    /** When the file was first seen so. */
    long sinceNanos() {
        return sinceNanos;
    }

    State state() {
        return state;
    }

    void is(State now) {
        state = now;
    }
}
