package dev.streamingsaga.lra;

import dev.streamingsaga.lra.CallbackHandler.Answer;
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
 * Runs the handler so that the coordinator, which waits 2 s, always gets an answer in time: after the patience it is told to call
 * again, while the handler goes on. A call for a target whose handler still runs waits for that one instead of starting another.
 */
final class CallbackRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackRunner.class);
    private static final int MAX_AT_A_TIME = 32;

    private final CallbackHandler handler;
    private final Duration patience;
    private final ConcurrentMap<Call, CompletableFuture<Answer>> running = new ConcurrentHashMap<>();
    private final ExecutorService pool = new ThreadPoolExecutor(
            0, MAX_AT_A_TIME, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("saga-callback-run", true));

    CallbackRunner(CallbackHandler handler, Duration patience) {
        this.handler = handler;
        this.patience = patience;
    }

    enum Kind { COMPENSATE, COMPLETE }

    record Call(Kind kind, Target target) {}

    /** @throws ExecutionException if the handler threw; it is logged already */
    Answer answer(Call call) throws ExecutionException, InterruptedException {
        CompletableFuture<Answer> result = new CompletableFuture<>();
        CompletableFuture<Answer> earlier = running.putIfAbsent(call, result);
        if (earlier == null && !start(call, result)) {
            return Answer.LATER;
        }
        try {
            return (earlier == null ? result : earlier).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.debug("{} takes longer than {}; the coordinator is told to call again", call, patience);
            return Answer.LATER;
        }
    }

    private boolean start(Call call, CompletableFuture<Answer> result) {
        try {
            pool.execute(() -> run(call, result));
            return true;
        } catch (RejectedExecutionException e) {
            running.remove(call);
            result.complete(Answer.LATER);
            LOG.warn("{} callbacks run already; the coordinator is told to call again for {}", MAX_AT_A_TIME, call);
            return false;
        }
    }

    private void run(Call call, CompletableFuture<Answer> result) {
        try {
            Target target = call.target();
            Answer answer = call.kind() == Kind.COMPENSATE ? handler.compensate(target) : handler.complete(target);
            running.remove(call);
            result.complete(answer);
        } catch (RuntimeException | Error e) {
            LOG.warn("{} failed; the coordinator will call again", call, e);
            running.remove(call);
            result.completeExceptionally(e);
        }
    }

    /** Waits shortly for handlers that still run; the rest is called again after the next start. */
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
