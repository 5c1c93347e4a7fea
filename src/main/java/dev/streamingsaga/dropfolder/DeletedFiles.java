package dev.streamingsaga.dropfolder;

import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Delivery.Redelivery;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes the outcomes of files that were deleted after the verify gate and whose process was killed: no scan finds such
 * a file.
 */
final class DeletedFiles {
    /** The clocks of two nodes may differ. */
    private static final Duration OVERLAP = Duration.ofMinutes(1);

    private static final int PAGE = 200;

    private final Path root;
    private final DeletedFileDependencies parts;
    private final Set<String> settled = new HashSet<>();
    private Instant since;

    record DeletedFileDependencies(
            Journal journal, Ingest ingest, Settlement settlement, DeduplicatedWarnings warnings) {}

    /** @param before also looks at sagas that ended this long ago */
    DeletedFiles(Path root, DeletedFileDependencies parts, Duration before) {
        this.root = root;
        this.parts = parts;
        this.since = parts.journal().clock().instant().minus(before);
    }

    void run() {
        Instant now = parts.journal().clock().instant();
        Set<String> ended = new HashSet<>();
        boolean complete = true;
        Instant from = since;
        String after = "";
        List<SagaRecord> page;
        do {
            page = parts.journal().sagas().droppedAndResumed(from, after, PAGE);
            for (SagaRecord saga : page) {
                ended.add(saga.sagaId());
                complete &= settled.contains(saga.sagaId()) || settleNow(saga);
                from = saga.finishedAt().orElse(from);
                after = saga.sagaId();
            }
        } while (page.size() == PAGE);
        settled.retainAll(ended);
        if (complete) {
            since = now.minus(OVERLAP);
        }
    }

    private boolean settleNow(SagaRecord saga) {
        boolean done = settle(saga);
        if (done) {
            settled.add(saga.sagaId());
        }
        return done;
    }

    private boolean settle(SagaRecord saga) {
        Path file = saga.source();
        if (!file.startsWith(root) || isDeliveredAgain(saga) || Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return true; // the scan settles it
        }
        try {
            return parts.settlement()
                    .settleDeleted(
                            file,
                            new Settlement.EndedSaga(
                                    saga.sagaId(),
                                    saga.state(),
                                    () -> parts.ingest().result(saga.sagaId())));
        } catch (IOException | RuntimeException e) {
            parts.warnings()
                    .warn(file, "was deleted, and the outcome of its saga is not written yet (" + e + "); tried again");
            return false;
        }
    }

    private static boolean isDeliveredAgain(SagaRecord saga) {
        return saga.delivery().isPending()
                || saga.delivery()
                        .redelivery()
                        .filter(next -> next == Redelivery.STARTED || next == Redelivery.REPLACED)
                        .isPresent();
    }
}
