package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A saga as recorded in the journal.
 *
 * @param node the process that works on it, or did; empty between an orderly stop and the next start
 * @param message description of the failure; empty if there is none
 * @param handovers number of runs that ended with an orderly stop of their process
 * @param source where its bytes are read from before the step {@code verify} has passed
 * @param origin what the source is, and whose disk holds it
 * @param sender who sent the body that the source holds; empty for a file on disk
 * @param owner the owner for the security record
 * @param document empty before the step {@code start}
 * @param publishAttempts failed attempts to make the document of a COMPLETED saga visible in every store
 * @param supersededBy the saga that stored the newer version of the document
 * @param waiting why a running saga does not continue; empty if it does
 * @param format see {@link SagaFormat}
 * @param delivery which attempt to deliver its document the saga is
 * @param warnings about the text of its document; {@link WarningRepository} has them all
 */
@PublicApi
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
        Origin origin,
        String fileName,
        Optional<String> sender,
        String owner,
        Optional<Document> document,
        long resumedBytes,
        Instant receivedAt,
        Instant updatedAt,
        Optional<Instant> finishedAt,
        boolean published,
        int publishAttempts,
        Optional<String> supersededBy,
        Optional<Waiting> waiting,
        int format,
        Delivery delivery,
        WarningTally warnings) {

    /**
     * Whether the saga waits for a person: it is paused, it left residue, a clean-up entry is blocked, or its completed
     * document is not visible because a store cannot be reached.
     */
    public boolean needsAttention(OpenCleanups open) {
        return state == SagaState.PARTIALLY_COMPENSATED
                || state == SagaState.PAUSED
                || open.blocked() > 0
                || state == SagaState.COMPLETED && !published && supersededBy.isEmpty() && publishAttempts > 0;
    }

    /**
     * The node that runs the saga, as it names itself in its log. Empty if no node does: the saga is final or paused,
     * or waits for the next start. After a crash it is the node that crashed, until another one takes the saga over.
     */
    public Optional<String> runningNode() {
        return node.isEmpty() || state.isFinal() || state == SagaState.PAUSED ? Optional.empty() : Optional.of(node);
    }

    /** Whether a newer version of this program began the saga, so that nodes of this version leave it alone. */
    public boolean needsNewerVersion() {
        return format > SagaFormat.CURRENT;
    }

    /** The newest run that has begun. A released saga already has the number of its next run. */
    public int lastRun() {
        return node.isEmpty() ? run - 1 : run;
    }

    /** The number of the next run. */
    public int nextRun() {
        return lastRun() + 1;
    }

    /** The number of runs that did not end with an orderly stop, including the newest one. */
    public int failedRuns() {
        return lastRun() - handovers;
    }
}
