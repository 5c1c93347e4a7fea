package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SagaRecord;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A queue of files that can be processed as soon as a slot is free, in the order in which they became ready. It spares
 * a file the wait for the next scan. Files whose saga has ended come first. Bounded and thread-safe.
 */
final class ReadyFiles {
    private final int limit;
    private final Map<Path, Ready> ended = new LinkedHashMap<>();
    private final Map<Path, Ready> complete = new LinkedHashMap<>();

    /** @param limit maximum number of files in each state; the next scan finds the rest again */
    ReadyFiles(int limit) {
        this.limit = limit;
    }

    /** @param ended the saga that ingested the file in its current state, if there is one */
    record Ready(TrackedFile tracked, Optional<SagaRecord> ended) {}

    synchronized void add(Ready ready) {
        Map<Path, Ready> files = ready.ended().isPresent() ? ended : complete;
        if (files.size() < limit || files.containsKey(ready.tracked().file())) {
            files.put(ready.tracked().file(), ready);
        }
    }

    /** @param mayIngest false: only files whose saga has ended */
    synchronized Optional<Ready> next(boolean mayIngest) {
        return first(ended).or(() -> mayIngest ? first(complete) : Optional.empty());
    }

    synchronized boolean has(boolean mayIngest) {
        return !ended.isEmpty() || mayIngest && !complete.isEmpty();
    }

    synchronized void clear() {
        ended.clear();
        complete.clear();
    }

    private static Optional<Ready> first(Map<Path, Ready> files) {
        Iterator<Ready> all = files.values().iterator();
        if (!all.hasNext()) {
            return Optional.empty();
        }
        Ready ready = all.next();
        all.remove();
        return Optional.of(ready);
    }
}
