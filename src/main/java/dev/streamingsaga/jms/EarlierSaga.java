package dev.streamingsaga.jms;

import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Redeliveries;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaRegistration;
import dev.streamingsaga.journal.StepRepository;
import dev.streamingsaga.source.SourceFile;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.camel.Exchange;

/**
 * Recognizes a message that was delivered before, and answers it with the saga that it started. A broker that crashed
 * may redeliver a message without marking it as redelivered; the message id identifies it. A sender may disable message
 * ids; a redelivered message is then recognized by its file.
 */
final class EarlierSaga {
    /** Exchange property: the saga, as it was when it was found. */
    private static final String FOUND = "SagaJmsEarlier";

    private static final DeliveryRequest DELIVERY =
            new DeliveryRequest(Optional.of(Delivery.Endpoint.JMS), Optional.empty());

    /** Exchange property, a Boolean: the message is redelivered and has no id. */
    private static final String BY_FILE = "SagaJmsByFile";

    private final SagaRegistration sagas;
    private final Redeliveries redeliveries;
    private final StepRepository steps;
    private final Clock clock;
    private final Ingest ingest;
    private final SpooledBody bodies;

    EarlierSaga(Journal journal, Ingest ingest, SpooledBody bodies) {
        this.sagas = journal.registration();
        this.redeliveries = journal.redeliveries();
        this.steps = journal.steps();
        this.clock = journal.clock();
        this.ingest = ingest;
        this.bodies = bodies;
    }

    /** What the journal records as the request of a message. */
    static String request(String messageId) {
        return "jms " + messageId;
    }

    /**
     * Identifies the request by the message id, and looks up the saga that it started, or whose document it delivers
     * again.
     */
    void findByMessageId(Exchange exchange) throws JMSException {
        exchange.setProperty(Ingest.DELIVERY, DELIVERY);
        Message message = ReceivedMessage.of(exchange);
        String id = message.getJMSMessageID();
        if (id == null) {
            exchange.setProperty(BY_FILE, message.getJMSRedelivered());
            return;
        }
        String request = request(id);
        exchange.setProperty(Ingest.REQUEST, request);
        sagas.requested(request)
                .or(() -> redeliveries.sentAgain(request))
                .ifPresent(saga -> foundLatest(exchange, redeliveries.latest(saga)));
    }

    private void foundLatest(Exchange exchange, SagaRecord latest) {
        Instant now = clock.instant();
        if (latest.delivery().isDue()
                && latest.delivery().next().filter(now::isBefore).isEmpty()) {
            exchange.setProperty(
                    Ingest.DELIVERY,
                    new DeliveryRequest(Optional.of(Delivery.Endpoint.JMS), Optional.of(latest.sagaId())));
        } else {
            exchange.setProperty(FOUND, latest);
        }
    }

    /** Body: a file on disk, which may have changed since an earlier saga. */
    void findByFile(Exchange exchange) {
        Path file = exchange.getMessage().getBody(Path.class);
        find(
                file.toString(),
                exchange,
                seen -> !seen.saga().state().isFinal() || seen.identity().equals(SourceFile.regularFile(file)));
    }

    /** The source key identifies the body and its content, on whichever node the message was received before. */
    void findBySourceKey(Exchange exchange) {
        find(exchange.getProperty(Ingest.SOURCE_KEY, String.class), exchange, seen -> true);
    }

    private void find(String sourceKey, Exchange exchange, Predicate<SagaRegistration.NewestSaga> same) {
        if (exchange.getProperty(BY_FILE, false, Boolean.class)) {
            sagas.newest(sourceKey)
                    .filter(same)
                    .ifPresent(seen -> foundLatest(exchange, redeliveries.latest(seen.saga())));
        }
    }

    /** The saga that answers for the message. */
    static void answers(Exchange exchange, SagaRecord saga) {
        exchange.setProperty(FOUND, saga);
    }

    boolean isFound(Exchange exchange) {
        return exchange.getProperty(FOUND) != null;
    }

    /**
     * Whether this process needs a copy of the body on its disk, however bodies are staged: to recognize a redelivered
     * message without an id by its content; or because the saga of the message may still need a body that another node
     * holds. If that node is gone, this one can continue the saga with its own copy.
     */
    boolean needsSpooledBody(Exchange exchange) {
        return ReceivedMessage.of(exchange) instanceof BytesMessage
                && (exchange.getProperty(BY_FILE, false, Boolean.class) || isMissingHere(exchange));
    }

    private boolean isMissingHere(Exchange exchange) {
        return exchange.getProperty(FOUND) instanceof SagaRecord saga
                && !saga.state().isFinal()
                && !bodies.isHere(saga)
                && steps.needsSource(saga);
    }

    /** Whether the body of the message is of no use: its saga has its outcome. */
    boolean isEnded(Exchange exchange) {
        return exchange.getProperty(FOUND) instanceof SagaRecord saga
                && saga.state().isFinal();
    }

    /** Waits for the outcome of the saga, also through a pause. */
    void await(Exchange exchange) throws InterruptedException {
        ReceivedMessage.replace(
                exchange,
                ingest.await(exchange.getProperty(FOUND, SagaRecord.class).sagaId()));
    }
}
