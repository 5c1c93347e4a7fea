package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SagaRecord;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Files that can be worked on as soon as a saga may run, in the order in which they became ready: what a look has
 * found, so that the next one need not be waited for. Files of sagas that have ended come first. Bounded and
 * thread-safe.
 */
final class ReadyFiles {
    private final int limit;
    private final Map<Path, Ready> ended = new LinkedHashMap<>();
    private final Map<Path, Ready> complete = new LinkedHashMap<>();

    /** @param limit files beyond it are found again by the next look */
    ReadyFiles(int limit) {
        this.limit = limit;
    }

    /** @param ended the saga that had the file as it is, if there is one */
    record Ready(TrackedFile watch, Optional<SagaRecord> ended) {}

    synchronized void add(Ready ready) {
        Map<Path, Ready> files = ready.ended().isPresent() ? ended : complete;
        if (files.size() < limit || files.containsKey(ready.watch().file())) {
            files.put(ready.watch().file(), ready);
        }
    }

    /** @param mayTake false: only files whose saga has ended */
    synchronized Optional<Ready> next(boolean mayTake) {
        return first(ended).or(() -> mayTake ? first(complete) : Optional.empty());
    }

    synchronized boolean has(boolean mayTake) {
        return !ended.isEmpty() || mayTake && !complete.isEmpty();
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
