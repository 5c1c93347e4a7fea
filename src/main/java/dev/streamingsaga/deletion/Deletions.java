package dev.streamingsaga.deletion;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.saga.SagaEngine;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes documents. A request is journaled, executed in the background, and continued by any node of the journal after
 * a crash. Each deletion runs once at a time, across all nodes. Thread-safe.
 */
public final class Deletions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deletions.class);

    /** A store that hangs must not stop the deletion of other documents at once. */
    private static final int THREADS = 2;

    private static final long POLL_MILLIS = 50;

    private final Journal journal;
    private final DeletionRequests requests;
    private final DeletionRun run;
    private final Duration stepTimeout;
    private final ExecutorService workers;
    private final Set<String> inFlight = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    /** @param keys destroys data keys before anything is removed; {@link KeyDestruction#NONE} without encryption */
    public Deletions(SagaConfig config, CamelContext context, SagaEngine engine, Journal journal, KeyDestruction keys) {
        this.journal = journal;
        this.requests = DeletionRequests.of(journal);
        this.run = new DeletionRun(journal, engine, keys, config.operation().compensation());
        this.stepTimeout = config.operation().compensation().stepTimeout();
        this.workers = context.getExecutorServiceManager().newFixedThreadPool(this, config.id("deletion"), THREADS);
    }

    /**
     * Journals the deletion of a document and begins it. From then on the document is visible nowhere, and its deletion
     * cannot be stopped.
     *
     * @return the deletion as it was journaled; the former one if the document is deleted already
     * @throws DeletionRefusedException if there is no such document, a saga is storing it, or something forbids it
     */
    public Deletion request(DeletionRequest request) {
        Deletion deletion = requests.request(request);
        begin(deletion.deletionId());
        return deletion;
    }

    /**
     * Waits until every store was asked to remove the document, and this process has delivered the alerts about it.
     *
     * @param wait how long at most
     * @return the deletion as it is then
     * @throws IllegalArgumentException if there is no such deletion
     */
    public Deletion await(String deletionId, Duration wait) throws InterruptedException {
        long end = System.nanoTime() + wait.toNanos();
        Deletion deletion = find(deletionId);
        while ((!deletion.state().isFinal() || inFlight.contains(deletionId)) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            deletion = find(deletionId);
        }
        return deletion;
    }

    private Deletion find(String deletionId) {
        return journal.deletions()
                .find(deletionId)
                .orElseThrow(() -> new IllegalArgumentException("there is no deletion " + deletionId));
    }

    /** Begins or continues what is due, in the background. */
    public void runDue() {
        journal.deletions().due().forEach(deletion -> begin(deletion.deletionId()));
    }

    /** Begins nothing any more; other nodes or the next start continue. */
    public void drain() {
        draining = true;
    }

    private void begin(String deletionId) {
        if (draining || !inFlight.add(deletionId)) {
            return;
        }
        try {
            workers.execute(() -> {
                try {
                    attempt(deletionId);
                } finally {
                    inFlight.remove(deletionId);
                }
            });
        } catch (RejectedExecutionException e) {
            inFlight.remove(deletionId); // this instance stops
        }
    }

    private void attempt(String deletionId) {
        Optional<Deletion> taken = Optional.empty();
        try {
            taken = draining ? taken : journal.deletions().takeOver(deletionId, stepTimeout);
            taken.ifPresent(this::run);
        } catch (RuntimeException | Error e) {
            LOG.warn("deletion {} stopped ({}); it is continued later", deletionId, e.toString());
            taken.ifPresent(deletion -> giveBack(deletion, e));
        }
    }

    private void run(Deletion deletion) {
        Deletion after = run.run(deletion);
        LOG.info("document {} is {} (deletion {})", after.documentId(), after.state(), after.deletionId());
    }

    /** If this fails as well, the lease expires. */
    private void giveBack(Deletion deletion, Throwable failure) {
        boolean interrupted = Thread.interrupted(); // the journal would not answer an interrupted thread
        try {
            if (draining) {
                journal.deletions().release(deletion);
            } else {
                run.failed(find(deletion.deletionId()), failure.toString());
            }
        } catch (RuntimeException e) {
            LOG.warn("deletion {} is continued when its lease has expired ({})", deletion.deletionId(), e.toString());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        draining = true;
        workers.shutdownNow();
        try {
            workers.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
