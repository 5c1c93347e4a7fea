package dev.streamingsaga.operations;

import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.saga.SagaEngine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes an instance out of work, once: health is DOWN and nothing begins; what runs may end within a time limit, and
 * the rest is handed over to another node or to the next start. Thread-safe.
 */
@Internal
public final class Drain {
    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

    /** How long requests in flight to a store may take; shorter than the shutdown time-out of the context. */
    private static final Duration WRITES_END_WITHIN = Duration.ofSeconds(5);

    private final DrainParts parts;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CompletableFuture<Boolean> end = new CompletableFuture<>();

    /**
     * @param refuseWork makes health DOWN and stops the ingestion endpoints
     * @param limit how long what runs may continue; zero: it is handed over at once
     */
    public record DrainParts(
            String name, Runnable refuseWork, Runs runs, SagaEngine engine, Recovery recovery, Duration limit) {}

    public Drain(DrainParts parts) {
        this.parts = parts;
    }

    /** Begins in the background. Does nothing if it has begun. */
    public void begin() {
        if (!begun.compareAndSet(false, true)) {
            return;
        }
        Thread thread = new Thread(this::run, parts.name());
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            LOG.info(
                    "draining: no saga begins, {} continue for {} s at most",
                    running(),
                    parts.limit().toSeconds());
            parts.refuseWork().run();
            parts.recovery().refuseSagas();
            parts.runs().refuseDocuments();
            long endNanos = System.nanoTime() + parts.limit().toNanos();
            parts.runs().awaitEnd(parts.limit());
            parts.engine().awaitCompensations(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())));
        } finally {
            try {
                handOver();
            } finally {
                end.complete(true);
            }
        }
    }

    /** Releases what runs, without waiting for it. */
    public void handOver() {
        parts.recovery().drain();
        parts.runs().drain(WRITES_END_WITHIN);
    }

    /** Waits until nothing runs or all is handed over. */
    public void await() {
        end.join();
    }

    public DrainProgress progress() {
        int running = running();
        return new DrainProgress(state(running), running, parts.runs().handedOver());
    }

    private DrainProgress.State state(int running) {
        if (end.isDone() && running == 0) {
            return DrainProgress.State.DRAINED;
        }
        return begun.get() ? DrainProgress.State.DRAINING : DrainProgress.State.SERVING;
    }

    private int running() {
        return (int) parts.engine().busy().stream()
                .filter(sagaId -> parts.runs()
                        .find(sagaId)
                        .filter(ActiveRun::isHandedOver)
                        .isEmpty())
                .count();
    }
}
