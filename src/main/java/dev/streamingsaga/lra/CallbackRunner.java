package dev.streamingsaga.lra;

import dev.streamingsaga.lra.CallbackToken.Target;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the handler with a limit on the time to answer, because the coordinator waits 2 s only: after the limit the
 * answer is LATER and the handler continues. A call for a target whose handler still runs waits for that one instead of
 * starting another.
 */
final class CallbackRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackRunner.class);
    private static final int MAX_CONCURRENT = 32;

    private final CallbackHandler handler;
    private final Duration answerLimit;
    private final ConcurrentMap<CallbackRunner.CallbackRequest, CompletableFuture<CallbackHandler.CallbackAnswer>>
            running = new ConcurrentHashMap<>();
    private final ExecutorService pool = new ThreadPoolExecutor(
            0,
            MAX_CONCURRENT,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            new NamedThreads("saga-callback-run", true));

    CallbackRunner(CallbackHandler handler, Duration answerLimit) {
        this.handler = handler;
        this.answerLimit = answerLimit;
    }

    enum CallbackKind {
        COMPENSATE,
        COMPLETE
    }

    record CallbackRequest(CallbackRunner.CallbackKind kind, Target target) {}

    /** @throws ExecutionException if the handler threw; it is logged already */
    CallbackHandler.CallbackAnswer answer(CallbackRunner.CallbackRequest call)
            throws ExecutionException, InterruptedException {
        CompletableFuture<CallbackHandler.CallbackAnswer> result = new CompletableFuture<>();
        CompletableFuture<CallbackHandler.CallbackAnswer> earlier = running.putIfAbsent(call, result);
        if (earlier == null && !start(call, result)) {
            return CallbackHandler.CallbackAnswer.LATER;
        }
        try {
            return (earlier == null ? result : earlier).get(answerLimit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.debug("{} takes longer than {}; asking the coordinator to call again", call, answerLimit);
            return CallbackHandler.CallbackAnswer.LATER;
        }
    }

    private boolean start(
            CallbackRunner.CallbackRequest call, CompletableFuture<CallbackHandler.CallbackAnswer> result) {
        try {
            pool.execute(() -> run(call, result));
            return true;
        } catch (RejectedExecutionException e) {
            running.remove(call);
            result.complete(CallbackHandler.CallbackAnswer.LATER);
            LOG.warn("{} callbacks are running; asking the coordinator to call again for {}", MAX_CONCURRENT, call);
            return false;
        }
    }

    private void run(CallbackRunner.CallbackRequest call, CompletableFuture<CallbackHandler.CallbackAnswer> result) {
        try {
            Target target = call.target();
            CallbackHandler.CallbackAnswer answer = call.kind() == CallbackRunner.CallbackKind.COMPENSATE
                    ? handler.compensate(target)
                    : handler.complete(target);
            running.remove(call);
            result.complete(answer);
        } catch (RuntimeException | Error e) {
            LOG.warn("{} failed; the coordinator will call again", call, e);
            running.remove(call);
            result.completeExceptionally(e);
        }
    }

    /** Waits up to 5 s for running handlers; the coordinator repeats the other calls after the next start. */
    @Override
    public void close() {
        pool.shutdown();
        try {
            if (!pool.awaitTermination(5, TimeUnit.SECONDS)) {
                pool.shutdownNow();
            }
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
