package dev.streamingsaga.ingest;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.DocumentConfig.OnConflict;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.PrintableText;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Origin;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaRegistration;
import dev.streamingsaga.journal.SagaRegistration.RegisteredSaga;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.source.SourceHost;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims files: registers a saga for a file, or finds the one that answers for it. */
final class SourceClaims {
    private static final Logger LOG = LoggerFactory.getLogger(SourceClaims.class);

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final OutcomeWait outcomes;
    private final SourceHost host;

    SourceClaims(SagaConfig config, Runs runs, OutcomeWait outcomes, SourceHost host) {
        this.config = config;
        this.journal = runs.journal();
        this.runs = runs;
        this.outcomes = outcomes;
        this.host = host;
    }

    /** Registers a saga for the file and begins its run, or finds the saga that has already claimed the file. */
    void receive(Exchange exchange) throws InterruptedException {
        // An earlier call with the same exchange must not answer this one.
        exchange.removeProperty(Ingest.SAGA_ID);
        exchange.removeProperty(ExchangeKeys.RUN);
        exchange.removeProperty(PreparationSteps.LABEL);
        exchange.removeProperty(ExchangeKeys.DIGESTS_OF_EARLIER_RUN);
        Path path = SourcePaths.of(exchange.getMessage().getBody());
        runs.requireOpen(String.valueOf(path));
        String sagaId = claim(exchange, path);
        @SuppressWarnings("unchecked")
        Consumer<String> listener = exchange.getProperty(Ingest.LISTENER, Consumer.class);
        if (listener != null) {
            listener.accept(sagaId);
        }
    }

    /** Body: the run of a saga that was taken over. */
    void resume(Exchange exchange) throws InvalidPayloadException {
        exchange.setProperty(ExchangeKeys.RUN, exchange.getMessage().getMandatoryBody(ActiveRun.class));
    }

    private String claim(Exchange exchange, Path path) throws InterruptedException {
        NewSaga newSaga = newSaga(exchange, path);
        // A queue or topic that was created again counts from the beginning; a different file shows this.
        Optional<SagaRecord> started = newSaga.request()
                .flatMap(journal.registration()::requested)
                .filter(saga -> saga.origin().key().equals(newSaga.origin().key())
                        && newSaga.delivery().previous().isEmpty());
        if (started.isPresent()) {
            return join(exchange, started.get());
        }
        while (true) {
            boolean skips = config.documents().source().duplicates() == Duplicates.SKIP;
            Optional<SagaRecord> seen = skips ? newest(newSaga.origin()) : Optional.empty();
            Optional<SagaRecord> stored = seen.isPresent() ? alreadyStored(newSaga) : Optional.empty();
            if (stored.isPresent()) {
                newSaga.delivery()
                        .previous()
                        .ifPresent(previous -> journal.redeliveries()
                                .replace(previous, "saga " + stored.get().sagaId() + " has stored the document"));
                return join(exchange, stored.get());
            }
            RegisteredSaga registered = skips && newSaga.exclusive()
                    ? journal.registration().receiveIfUnchanged(newSaga, seen)
                    : journal.registration().receive(newSaga);
            SagaRecord saga = registered.saga();
            if (registered.isNew()) {
                if (config.documents().source().duplicates() == Duplicates.VERSION) {
                    journal.versions().register(saga);
                }
                exchange.setProperty(ExchangeKeys.RUN, runs.begin(saga));
                exchange.setProperty(
                        PreparationSteps.LABEL, new SecurityLabel(newSaga.owner(), newSaga.classification()));
                warnIfRenamed(exchange, saga);
                return saga.sagaId();
            }
            if (newSaga.delivery().previous().isPresent()) {
                return join(exchange, saga); // delivered again already, or not due any more
            }
            if (newSaga.once().isPresent()) {
                throw new SagaException(
                        Reason.SOURCE_BUSY,
                        path + " is already ingested, or was in its present state, by saga " + saga.sagaId());
            }
            if (saga.state().isFinal()) {
                continue; // it has ended since, and may have stored the same content
            }
            if (config.documents().source().onConflict() == OnConflict.JOIN) {
                return join(exchange, saga);
            }
            // The saga that has just ended may have stored the same content.
            outcomes.awaitEnd(saga.sagaId(), true);
        }
    }

    private Optional<SagaRecord> newest(Origin origin) {
        return journal.registration().newest(origin.key()).map(SagaRegistration.NewestSaga::saga);
    }

    private NewSaga newSaga(Exchange exchange, Path path) {
        OnConflict onConflict = config.documents().source().onConflict();
        DeliveryRequest delivery = exchange.getProperty(Ingest.DELIVERY, DeliveryRequest.NONE, DeliveryRequest.class);
        SecurityLabel label = label(exchange, delivery);
        return new NewSaga(
                path,
                origin(exchange, path),
                DocumentName.cleaned(requestedName(exchange, path)),
                config.participants(),
                config.timeLimit(),
                label.owner(),
                label.classification(),
                config.documents().security().keyId(),
                onConflict == OnConflict.JOIN || onConflict == OnConflict.WAIT,
                once(exchange, path),
                Optional.ofNullable(exchange.getProperty(Ingest.REQUEST, String.class)),
                Optional.ofNullable(exchange.getProperty(Ingest.SENDER, String.class)),
                delivery,
                access(exchange));
    }

    private static Access access(Exchange exchange) {
        return exchange.getProperty(Ingest.ACCESS, Access.HUB, Access.class);
    }

    /** A document that is delivered again keeps its own. */
    private SecurityLabel label(Exchange exchange, DeliveryRequest delivery) {
        return delivery.previous()
                .flatMap(journal.labels()::of)
                .or(() -> Optional.ofNullable(exchange.getProperty(Ingest.LABEL, SecurityLabel.class)))
                .orElseGet(() -> config.documents().security().label());
    }

    private Origin origin(Exchange exchange, Path path) {
        Origin seen = host.origin(path, Optional.ofNullable(exchange.getProperty(Ingest.SOURCE_KEY, String.class)));
        return once(exchange, path).map(seen::as).orElse(seen);
    }

    private static String requestedName(Exchange exchange, Path path) {
        return exchange.getProperty(Ingest.FILE_NAME, String.valueOf(path.getFileName()), String.class);
    }

    private static Optional<SourceIdentity> once(Exchange exchange, Path path) {
        Optional<SourceIdentity> once = Optional.ofNullable(exchange.getProperty(Ingest.ONCE, SourceIdentity.class));
        Object body = exchange.getMessage().getBody();
        if (once.isPresent() && !path.equals(body)) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE, body + " is reached through a symbolic link; nothing was read");
        }
        return once;
    }

    private String join(Exchange exchange, SagaRecord saga) {
        SecurityLabel requested = exchange.getProperty(Ingest.LABEL, SecurityLabel.class);
        if (requested != null && !journal.labels().of(saga.sagaId()).equals(Optional.of(requested))) {
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.CONFLICT,
                    "another-label",
                    PrintableText.line(saga.source().toString())
                            + " is ingested already, with another owner or classification; nothing was stored");
        }
        Access access = access(exchange);
        journal.audit()
                .record(
                        access.actor(),
                        AuditAction.INGEST,
                        saga.document().map(Document::documentId).orElse(null),
                        saga.sagaId(),
                        Map.of("surface", access.surface(), "answer", "the saga exists"));
        exchange.setProperty(Ingest.SAGA_ID, saga.sagaId());
        return saga.sagaId();
    }

    private static void warnIfRenamed(Exchange exchange, SagaRecord saga) {
        if (!saga.fileName().equals(requestedName(exchange, saga.source()))) {
            LOG.warn(
                    "saga {}: the document is named {} because the name of {} contains characters that"
                            + " document names must not contain",
                    saga.sagaId(),
                    saga.fileName(),
                    PrintableText.line(saga.source().toString()));
        }
    }

    /** The saga that has already stored the same content from the same source. */
    private Optional<SagaRecord> alreadyStored(NewSaga saga) {
        Path path = saga.source();
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try {
            SourceIdentity identity = SourceFile.identity(path);
            if (!journal.sagas().completedFrom(saga.origin().key(), identity.sizeBytes())) {
                return Optional.empty();
            }
            Digests digests =
                    SourceFile.digest(path, identity, config.documents().chunk().sizeBytes(), done -> {}, () -> {});
            return journal.sagas().storedContent(saga.origin().key(), digests.sha256());
        } catch (SagaException e) {
            // The saga's own validation reports a problem with the file as an outcome.
            return Optional.empty();
        }
    }
}
