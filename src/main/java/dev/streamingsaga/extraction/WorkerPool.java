package dev.streamingsaga.extraction;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Workers that are kept for the next document. Thread-safe. */
final class WorkerPool implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

    /** Parsers may keep memory and files; a start costs a second. */
    private static final int MAX_DOCUMENTS = 200;

    /** The pool starts no more workers. */
    static final class ClosedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClosedException() {
            super("content is closed", null, false, false);
        }
    }

    private final WorkerCommand command;
    private final Semaphore slots;
    private final Deque<WorkerProcess> idle = new ArrayDeque<>();
    private final Set<WorkerProcess> all = new HashSet<>();
    private final Duration idleTime;
    private boolean closed;

    /** @param idleTime after which an idle worker ends, to free its memory */
    WorkerPool(WorkerCommand command, int size, Duration idleTime) {
        this.command = command;
        this.idleTime = idleTime;
        this.slots = new Semaphore(size, true);
    }

    /** Waits for a worker that is free, and starts one if none is idle. */
    WorkerProcess acquire() throws InterruptedException, IOException {
        slots.acquire();
        try {
            return take();
        } catch (IOException | RuntimeException e) {
            slots.release();
            throw e;
        }
    }

    private WorkerProcess take() throws IOException {
        while (true) {
            WorkerProcess worker = idleOrNew();
            if (worker.isAlive()) {
                return worker;
            }
            remove(worker);
        }
    }

    private synchronized WorkerProcess idleOrNew() throws IOException {
        if (closed) {
            throw new ClosedException();
        }
        WorkerProcess known = idle.pollLast();
        if (known != null) {
            return known;
        }
        WorkerProcess started = WorkerProcess.start(command);
        all.add(started);
        return started;
    }

    private void remove(WorkerProcess worker) {
        synchronized (this) {
            all.remove(worker);
        }
        worker.close();
    }

    /** @param reusable whether it has finished its document and can read another one */
    void release(WorkerProcess worker, boolean reusable) {
        boolean kept = false;
        synchronized (this) {
            if (reusable && !closed && worker.countDocument() < MAX_DOCUMENTS) {
                kept = idle.add(worker);
                endIfIdle(worker, worker.documents());
            }
        }
        try {
            if (!kept) {
                remove(worker);
            }
        } finally {
            slots.release();
        }
    }

    /** @param documents how many it has read until now */
    private void endIfIdle(WorkerProcess worker, int documents) {
        CompletableFuture.delayedExecutor(idleTime.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    boolean ends;
                    synchronized (this) {
                        ends = worker.documents() == documents && idle.remove(worker);
                    }
                    if (ends) {
                        log.debug("worker {} was idle for {} s and ends", worker.pid(), idleTime.toSeconds());
                        remove(worker);
                    }
                });
    }

    /** Starts a worker if there is none yet, so that it is ready when it is needed. */
    void prepare() {
        synchronized (this) {
            if (closed || !all.isEmpty()) {
                return;
            }
            try {
                WorkerProcess started = WorkerProcess.start(command);
                all.add(started);
                idle.add(started);
                endIfIdle(started, started.documents());
            } catch (IOException e) {
                log.debug("cannot start a worker yet", e); // whoever needs it tries again
            }
        }
    }

    /** Ends all workers, also those that are reading. */
    @Override
    public void close() {
        Set<WorkerProcess> ending;
        synchronized (this) {
            closed = true;
            ending = Set.copyOf(all);
            idle.clear();
        }
        ending.forEach(WorkerProcess::close);
    }
}
