package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Permits of one run for its side effects. Once they are revoked, none is issued any more, and the caller can wait for
 * those that are open. Thread-safe.
 */
final class Permits {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private int open;
    private @Nullable SagaException revocation;
    private long revokedAtNanos;

    /** @throws SagaException with the reason of the revocation */
    Run.Permit acquire() {
        lock.lock();
        try {
            requireNotRevoked();
            open++;
        } finally {
            lock.unlock();
        }
        return this::release;
    }

    private void release() {
        lock.lock();
        try {
            open--;
            if (open == 0) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** @throws SagaException with the reason of the revocation */
    void requireNotRevoked() {
        revocation().ifPresent(cause -> {
            throw new SagaException(cause.reason(), String.valueOf(cause.getMessage()), cause);
        });
    }

    /**
     * The first cause stays. Waits for open permits, at most this long.
     *
     * @return whether no permit is open any more
     */
    boolean revoke(SagaException cause, Duration wait) {
        long nanos = wait.toNanos();
        lock.lock();
        try {
            if (revocation == null) {
                revocation = cause;
                revokedAtNanos = System.nanoTime();
            }
            while (open > 0 && nanos > 0) {
                nanos = idle.awaitNanos(nanos);
            }
            return open == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Why they were revoked; empty while permits are issued. */
    Optional<SagaException> revocation() {
        lock.lock();
        try {
            return Optional.ofNullable(revocation);
        } finally {
            lock.unlock();
        }
    }

    /** Whether a side effect is still in progress. */
    boolean isOpen() {
        lock.lock();
        try {
            return open > 0;
        } finally {
            lock.unlock();
        }
    }

    /** Whether they were revoked at least this long ago. */
    boolean isRevokedFor(Duration time) {
        lock.lock();
        try {
            return revocation != null && System.nanoTime() - revokedAtNanos >= time.toNanos();
        } finally {
            lock.unlock();
        }
    }
}
