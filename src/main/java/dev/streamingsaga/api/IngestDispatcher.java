package dev.streamingsaga.api;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.trace.TraceLink;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;

/**
 * Hands files to {@code direct:<name>-ingest}, each on a thread that waits for its outcome; a bounded number at a time.
 */
final class IngestDispatcher {
    private final SagaConfig config;
    private final ProducerTemplate template;
    private final ExecutorService threads;
    private final Semaphore places;

    IngestDispatcher(SagaConfig config, CamelContext context) {
        this.config = config;
        this.template = context.createProducerTemplate();
        int most = config.http().limits().sagas();
        this.threads = context.getExecutorServiceManager().newFixedThreadPool(this, config.id("http-saga"), most);
        this.places = new Semaphore(most);
    }

    /**
     * @param sagaId done once the journal has the saga, or knew it already
     * @param outcome done when it has ended
     */
    record Accepted(CompletableFuture<String> sagaId, CompletableFuture<IngestResult> outcome) {
        /** The outcome if it comes in time. */
        Optional<IngestResult> await(long seconds) throws InterruptedException {
            try {
                return Optional.of(outcome.get(seconds, TimeUnit.SECONDS));
            } catch (TimeoutException e) {
                return Optional.empty();
            } catch (java.util.concurrent.ExecutionException e) {
                if (sagaId.isDone() && !sagaId.isCompletedExceptionally()) {
                    return Optional.empty(); // journaled: it goes on, at the next start if this instance stops
                }
                throw failed(Objects.requireNonNull(e.getCause()));
            }
        }

        String known() throws InterruptedException {
            try {
                return sagaId.get();
            } catch (java.util.concurrent.ExecutionException e) {
                throw failed(Objects.requireNonNull(e.getCause()));
            }
        }

        private static Problem failed(Throwable why) {
            if (why instanceof ShutdownException) {
                return ApiRoutes.stopping();
            }
            return new Problem(
                            503,
                            "not-accepted",
                            "the saga could not be journaled: " + why.getMessage()
                                    + "; nothing was stored, try again when that is mended",
                            why)
                    .header("Retry-After", "30");
        }
    }

    /**
     * A place for one saga, kept until it is given back or used.
     *
     * @throws Problem 429 if all are taken
     */
    void acquire() {
        if (!places.tryAcquire()) {
            throw new Problem(
                            429,
                            "too-many-sagas",
                            config.http().limits().sagas()
                                    + " sagas that came over HTTP have not ended yet (saga.http.max-sagas); nothing was read, try again later")
                    .header("Retry-After", "10");
        }
    }

    void release() {
        places.release();
    }

    /** @param sender who sent the body that is the file; empty for a file on disk */
    record Source(Path file, String name, Optional<String> sender) {}

    /** Uses a place; {@code ended} runs when the saga has its outcome, was paused, or could not be journaled. */
    Accepted submit(Source source, TraceLink trace, Runnable ended) {
        Accepted accepted = new Accepted(new CompletableFuture<>(), new CompletableFuture<>());
        Consumer<String> listener = accepted.sagaId()::complete;
        threads.execute(() -> {
            try {
                Exchange exchange = template.send(config.direct("ingest"), ExchangePattern.InOut, request -> {
                    request.getMessage().setBody(source.file());
                    request.setProperty(Ingest.FILE_NAME, source.name());
                    source.sender().ifPresent(sender -> request.setProperty(Ingest.SENDER, sender));
                    request.setProperty(Ingest.LISTENER, listener);
                    request.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
                    trace.to(request);
                });
                if (exchange.getException() != null) {
                    throw exchange.getException();
                }
                accepted.outcome().complete(exchange.getMessage().getBody(IngestResult.class));
            } catch (Exception | Error e) {
                accepted.sagaId().completeExceptionally(e);
                accepted.outcome().completeExceptionally(e);
            } finally {
                release();
                ended.run();
            }
        });
        return accepted;
    }
}
