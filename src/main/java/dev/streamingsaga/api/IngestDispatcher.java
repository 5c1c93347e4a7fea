package dev.streamingsaga.api;

import static dev.streamingsaga.config.RouteNames.INGEST;
import static dev.streamingsaga.config.RouteNames.RESUME;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.BodyKey;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.trace.TraceLink;
import dev.streamingsaga.upload.AcceptedBody;
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
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;

/**
 * Sends files to {@code direct:<name>-ingest}, each on a thread of its own that waits for the outcome. Bounds the
 * number of concurrent sagas.
 */
final class IngestDispatcher {
    private final SagaConfig config;
    private final ProducerTemplate template;
    private final ExecutorService threads;
    private final Semaphore permits;

    IngestDispatcher(SagaConfig config, CamelContext context) {
        this.config = config;
        this.template = context.createProducerTemplate();
        int maxSagas = config.endpoints().http().limits().sagas();
        this.threads = context.getExecutorServiceManager().newFixedThreadPool(this, config.id("http-saga"), maxSagas);
        this.permits = new Semaphore(maxSagas);
    }

    /**
     * @param sagaId completed once the journal has the saga
     * @param outcome completed when the saga has ended
     */
    record Accepted(CompletableFuture<String> sagaId, CompletableFuture<IngestResult> outcome) {
        /** Returns the outcome if it is known within the time. */
        Optional<IngestResult> await(long seconds) throws InterruptedException {
            try {
                return Optional.of(outcome.get(seconds, TimeUnit.SECONDS));
            } catch (TimeoutException e) {
                return Optional.empty();
            } catch (java.util.concurrent.ExecutionException e) {
                if (sagaId.isDone() && !sagaId.isCompletedExceptionally()) {
                    return Optional.empty(); // journaled: the saga continues, at the latest at the next start
                }
                throw failed(Objects.requireNonNull(e.getCause()));
            }
        }

        String awaitSagaId() throws InterruptedException {
            try {
                return sagaId.get();
            } catch (java.util.concurrent.ExecutionException e) {
                throw failed(Objects.requireNonNull(e.getCause()));
            }
        }

        static Problem failed(Throwable cause) {
            if (cause instanceof ShutdownException) {
                return Responder.stopping();
            }
            if (cause instanceof DocumentRefusedException refused) {
                return Problem.of(refused);
            }
            return new Problem(
                            503,
                            "not-accepted",
                            "the saga could not be journaled: " + cause.getMessage()
                                    + "; nothing was stored, try again when the journal works",
                            cause)
                    .header("Retry-After", "30");
        }
    }

    /**
     * Acquires a permit for one saga. Release it, or use it in {@link #submit}.
     *
     * @throws Problem 429 if no permit is free
     */
    void acquire() {
        if (!permits.tryAcquire()) {
            throw new Problem(
                            429,
                            "too-many-sagas",
                            config.endpoints().http().limits().sagas()
                                    + " sagas from HTTP requests are running (saga.http.max-sagas);"
                                    + " nothing was read, try again later")
                    .header("Retry-After", "10");
        }
    }

    void release() {
        permits.release();
    }

    /**
     * @param sender the sender of a received body; empty for a file on disk
     * @param key identifies a received body; empty for a file on disk
     * @param body a received body; empty for a file on disk
     * @param access the caller
     * @param label owner and classification that the caller gave the document
     */
    record IngestSource(
            Path file,
            String name,
            Optional<String> sender,
            Optional<BodyKey> key,
            Optional<UploadSpool.ReceivedBody> body,
            Access access,
            Optional<SecurityLabel> label) {}

    /** Uses an acquired permit. Runs {@code ended} when the saga has ended or is paused, or could not be journaled. */
    Accepted submit(IngestSource source, TraceLink trace, Runnable ended) {
        Accepted accepted = new Accepted(new CompletableFuture<>(), new CompletableFuture<>());
        Consumer<String> listener = accepted.sagaId()::complete;
        return send(accepted, INGEST, ended, request -> {
            request.getMessage().setBody(source.file());
            request.setProperty(Ingest.FILE_NAME, source.name());
            source.sender().ifPresent(sender -> request.setProperty(Ingest.SENDER, sender));
            source.key().ifPresent(key -> request.setProperty(Ingest.SOURCE_KEY, key.toString()));
            source.body().ifPresent(body -> request.setProperty(ExchangeKeys.RECEIVED_BODY, body));
            request.setProperty(Ingest.ACCESS, source.access());
            source.label().ifPresent(label -> request.setProperty(Ingest.LABEL, label));
            request.setProperty(Ingest.LISTENER, listener);
            request.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
            Ingest.deliveredBy(request, Delivery.Endpoint.HTTP);
            trace.to(request);
        });
    }

    /** Uses an acquired permit to run a saga whose body is in the bucket. */
    Accepted submit(AcceptedBody body, TraceLink trace) {
        Accepted accepted = new Accepted(CompletableFuture.completedFuture(body.sagaId()), new CompletableFuture<>());
        return send(accepted, RESUME, () -> {}, request -> {
            body.to(request);
            request.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
            trace.to(request);
        });
    }

    private Accepted send(Accepted accepted, String route, Runnable ended, Processor prepare) {
        threads.execute(() -> {
            try {
                Exchange exchange = template.send(config.direct(route), ExchangePattern.InOut, prepare);
                if (exchange.getException() != null) {
                    throw exchange.getException();
                }
                IngestResult result = exchange.getMessage().getBody(IngestResult.class);
                // First: a client that has its answer may send the next document at once.
                release();
                accepted.outcome().complete(result);
            } catch (Exception | Error e) {
                release();
                accepted.sagaId().completeExceptionally(e);
                accepted.outcome().completeExceptionally(e);
            } finally {
                ended.run();
            }
        });
        return accepted;
    }
}
