package dev.streamingsaga.jms;

import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.SagaRegistration;
import dev.streamingsaga.source.SourceFile;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.apache.camel.Exchange;

/**
 * Recognizes a message that was delivered before, and answers it with the saga that it started. A broker that crashed
 * may redeliver a message without marking it as redelivered; the message id identifies it. A sender may disable message
 * ids; a redelivered message is then recognized by its file.
 */
final class EarlierSaga {
    /** Exchange property: the id of the saga. */
    private static final String FOUND = "SagaJmsEarlier";

    /** Exchange property, a Boolean: the message is redelivered and has no id. */
    private static final String BY_FILE = "SagaJmsByFile";

    private final SagaRegistration sagas;
    private final Ingest ingest;

    EarlierSaga(SagaRegistration sagas, Ingest ingest) {
        this.sagas = sagas;
        this.ingest = ingest;
    }

    /** Identifies the request by the message id, and looks up the saga that it started. */
    void findByMessageId(Exchange exchange) throws JMSException {
        Message message = ReceivedMessage.of(exchange);
        String id = message.getJMSMessageID();
        if (id == null) {
            exchange.setProperty(BY_FILE, message.getJMSRedelivered());
            return;
        }
        String request = "jms " + id;
        exchange.setProperty(Ingest.REQUEST, request);
        sagas.requested(request).ifPresent(saga -> exchange.setProperty(FOUND, saga.sagaId()));
    }

    /** Body: a file on disk, which may have changed since an earlier saga. */
    void findByFile(Exchange exchange) {
        Path file = exchange.getMessage().getBody(Path.class);
        find(
                file,
                exchange,
                seen -> !seen.saga().state().isFinal() || seen.identity().equals(SourceFile.regularFile(file)));
    }

    /** Body: a path in the spool, which identifies its content. */
    void findBySpoolPath(Exchange exchange) {
        find(exchange.getMessage().getBody(Path.class), exchange, seen -> true);
    }

    private void find(Path file, Exchange exchange, Predicate<SagaRegistration.NewestSaga> same) {
        if (exchange.getProperty(BY_FILE, false, Boolean.class)) {
            sagas.newest(file.toString())
                    .filter(same)
                    .ifPresent(seen -> exchange.setProperty(FOUND, seen.saga().sagaId()));
        }
    }

    boolean isFound(Exchange exchange) {
        return exchange.getProperty(FOUND) != null;
    }

    /** Waits for the outcome of the saga, also through a pause. */
    void await(Exchange exchange) throws InterruptedException {
        ReceivedMessage.replace(exchange, ingest.await(exchange.getProperty(FOUND, String.class)));
    }
}
