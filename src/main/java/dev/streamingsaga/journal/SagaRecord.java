package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A saga as the journal knows it.
 *
 * @param node the process that works on it, or did; empty between an orderly stop and the next start
 * @param message the failure in words; empty unless there is one
 * @param handovers runs that ended with an orderly stop of their process
 * @param sender who sent the body that is the source, and its name; empty for a file on disk
 * @param document empty before the step {@code start}
 * @param publishAttempts attempts to make the document of a COMPLETED saga visible in every store that failed
 * @param supersededBy the saga that stored the newer version of the document
 */
public record SagaRecord(
        String sagaId,
        SagaState state,
        String node,
        Optional<Reason> reason,
        String message,
        int run,
        int handovers,
        Optional<String> lraId,
        Instant deadline,
        List<String> participants,
        Path source,
        String fileName,
        Optional<String> sender,
        Optional<Document> document,
        long resumedBytes,
        Instant receivedAt,
        Instant updatedAt,
        Optional<Instant> finishedAt,
        boolean published,
        int publishAttempts,
        Optional<String> supersededBy) {

    /**
     * Whether it waits for a person: paused, something of it is left, a clean-up of it is not tried any more, or its
     * completed document is not visible because a store cannot be reached.
     */
    public boolean needsAttention(OpenCleanups open) {
        return state == SagaState.PARTIALLY_COMPENSATED
                || state == SagaState.PAUSED
                || open.blocked() > 0
                || state == SagaState.COMPLETED && !published && supersededBy.isEmpty() && publishAttempts > 0;
    }

    /** The newest run that was begun: what is handed back has a number that nobody has used yet. */
    public int lastRun() {
        return node.isEmpty() ? run - 1 : run;
    }

    /** Of whoever takes it up next. */
    public int nextRun() {
        return lastRun() + 1;
    }

    /** Runs that did not end well, the newest one among them if nobody works on it any more. */
    public int failedRuns() {
        return lastRun() - handovers;
    }
}
