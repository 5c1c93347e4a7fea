package dev.streamingsaga.jms;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Delivery.Redelivery;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.Exchange;

/**
 * Schedules the message of a document that is delivered again: in the transaction that acknowledges the message, a copy
 * is sent to the same queue with a delivery delay. Unlike a rollback, this does not count as a failed delivery of the
 * broker, and does not depend on its redelivery rules. The journal records the id of the copy before the commit.
 *
 * <p>The body of a large message can be read only once. If it went straight to the bucket, which has removed it since,
 * the message is returned to the queue once, and scheduled when the broker delivers it again with its body.
 */
final class RedeliveredMessage {
    /** Exchange property, a {@link MessageCopy.Received}. */
    private static final String RECEIVED = "SagaJmsReceived";

    /** Exchange property: the outcome does not end the story of the document, so there is no reply yet. */
    private static final String SCHEDULED = "SagaJmsScheduled";

    /** Exchange property: the body of the message was read, and this host has no copy. */
    private static final String BODY_READ = "SagaJmsBodyRead";

    /** Lets the process that still has the body begin first: it need not receive the body again. */
    private static final Duration AFTER_PROCESS = Duration.ofSeconds(2);

    private final Journal journal;
    private final String queue;
    private final MessageCopy copies;
    private final DeadLetters deadLetters;

    RedeliveredMessage(Journal journal, String queue, MessageCopy copies, DeadLetters deadLetters) {
        this.journal = journal;
        this.queue = queue;
        this.copies = copies;
        this.deadLetters = deadLetters;
    }

    /** Remembers the message before a step replaces it. */
    void remember(Exchange exchange) {
        exchange.removeProperty(SCHEDULED);
        exchange.removeProperty(BODY_READ);
        exchange.setProperty(RECEIVED, MessageCopy.Received.of(exchange));
    }

    /** The body of the message is read now, and goes straight to the bucket. */
    static void bodyIsRead(Exchange exchange) {
        exchange.setProperty(BODY_READ, true);
    }

    /**
     * Body: the outcome. If the document is delivered again, schedules the message; if it was given up, sends the
     * message to the dead-letter queue.
     */
    void schedule(Exchange exchange) throws JMSException, IOException {
        if (!(exchange.getMessage().getBody() instanceof IngestResult outcome)) {
            return;
        }
        Optional<SagaRecord> found = journal.sagas().find(outcome.sagaId());
        if (found.isEmpty() || found.get().delivery().redelivery().isEmpty()) {
            return;
        }
        SagaRecord saga = found.get();
        boolean again = saga.delivery().isPending() || isStarted(saga);
        boolean givenUp = saga.delivery().redelivery().get() == Redelivery.GIVEN_UP;
        MessageCopy.Received received =
                exchange.getProperty(RECEIVED, MessageCopy.Received.class).in(SpooledBody.file(exchange));
        if ((again || givenUp) && isUsedUp(exchange, received)) {
            exchange.setProperty(SCHEDULED, true);
            received.session().rollback();
        } else if (again) {
            exchange.setProperty(SCHEDULED, true);
            Duration delay = journal.redeliveries().untilNext(saga).plus(AFTER_PROCESS);
            String id = copies.send(received, new MessageCopy.Target(queue, Map.of(), delay));
            journal.redeliveries().sentAgain(saga.sagaId(), EarlierSaga.request(id));
        } else if (givenUp) {
            deadLetters.put(received, String.valueOf(outcome.reason()), saga.message());
        }
    }

    private static boolean isUsedUp(Exchange exchange, MessageCopy.Received received) throws JMSException {
        return exchange.getProperty(BODY_READ) != null && LargeMessageBody.is(received.message());
    }

    /** Another process was faster: the message comes back for the outcome of that attempt. */
    private static boolean isStarted(SagaRecord saga) {
        return saga.delivery().redelivery().filter(Redelivery.STARTED::equals).isPresent();
    }

    static boolean isScheduled(Exchange exchange) {
        return exchange.getProperty(SCHEDULED) != null;
    }
}
