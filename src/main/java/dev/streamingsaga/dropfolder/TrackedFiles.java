package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SourceIdentity;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** Remembers the files of the folder from one scan to the next. Bounded. Only for the scanning thread. */
final class TrackedFiles {
    private final int limit;
    private final LongSupplier nanos;
    private final Map<Path, TrackedFile> known = new HashMap<>();
    private final Set<Path> seen = new HashSet<>();

    /** @param limit maximum number of files; further files are scanned but not remembered until others are gone */
    TrackedFiles(int limit, LongSupplier nanos) {
        this.limit = limit;
        this.nanos = nanos;
    }

    /** Returns a new instance if the file is new or has changed. */
    TrackedFile track(Path file, SourceIdentity identity) {
        TrackedFile before = known.get(file);
        if (before != null && before.identity().equals(identity)) {
            seen.add(file);
            return before;
        }
        TrackedFile fresh = new TrackedFile(file, identity, nanos.getAsLong());
        if (before == null && known.size() >= limit) {
            // Settled files can be looked up in the journal again.
            known.values().removeIf(tracked -> tracked.state() == TrackedFile.State.SETTLED);
        }
        if (before != null || known.size() < limit) {
            known.put(file, fresh);
            seen.add(file);
        }
        return fresh;
    }

    /** Whether the file has been unchanged for that long. */
    boolean isStable(TrackedFile tracked, long forNanos) {
        return nanos.getAsLong() - tracked.sinceNanos() >= forNanos;
    }

    /** Ends a scan: forgets files that no longer exist. */
    void endScan() {
        known.keySet().retainAll(seen);
        seen.clear();
    }
}
