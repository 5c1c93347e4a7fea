package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SourceIdentity;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** The files of the folder from one look to the next. For the thread that looks; a bounded number. */
final class TrackedFiles {
    private final int limit;
    private final LongSupplier nanos;
    private final Map<Path, TrackedFile> known = new HashMap<>();
    private final Set<Path> seen = new HashSet<>();

    /** @param limit files beyond it are looked at, but not remembered: they have their turn when others have gone */
    TrackedFiles(int limit, LongSupplier nanos) {
        this.limit = limit;
        this.nanos = nanos;
    }

    /** A new one if the file is new, or another than before. */
    TrackedFile track(Path file, SourceIdentity identity) {
        TrackedFile before = known.get(file);
        if (before != null && before.identity().equals(identity)) {
            seen.add(file);
            return before;
        }
        TrackedFile now = new TrackedFile(file, identity, nanos.getAsLong());
        if (before == null && known.size() >= limit) {
            // These can be asked for again.
            known.values().removeIf(watch -> watch.state() == TrackedFile.State.SETTLED);
        }
        if (before != null || known.size() < limit) {
            known.put(file, now);
            seen.add(file);
        }
        return now;
    }

    /** Whether the file has looked so for that long. */
    boolean isStable(TrackedFile watch, long forNanos) {
        return nanos.getAsLong() - watch.sinceNanos() >= forNanos;
    }

    /** The end of a look: forgets what is not there any more. */
    void endScan() {
        known.keySet().retainAll(seen);
        seen.clear();
    }
}
