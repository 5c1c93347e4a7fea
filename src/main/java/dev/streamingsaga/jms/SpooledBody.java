package dev.streamingsaga.jms;

import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.intake.BodyKey;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.LabelledSender;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.SagaRecord;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.camel.Exchange;

/** Keeps the body of a bytes message in the spool while its saga runs. */
final class SpooledBody {
    /** The only property of a message that is read. */
    private static final String FILE_NAME = "fileName";

    private static final String SPOOL_SENDER = "jms";

    /** Exchange property: the path in the spool that this message uses. */
    private static final String CLAIMED = "SagaJmsSpoolPath";

    private final UploadSpool spool;
    private final MessageIdentity identity;

    SpooledBody(UploadSpool spool, MessageIdentity identity) {
        this.spool = spool;
        this.identity = identity;
    }

    /**
     * Streams the body to disk, and replaces the message by the path in the spool that the body is going to have.
     *
     * @throws DocumentRefusedException if the name is not allowed, the body is too large, or the disk is full
     */
    void receive(Exchange exchange) throws JMSException, IOException {
        BytesMessage message = (BytesMessage) ReceivedMessage.of(exchange);
        String name = name(message);
        spool.requireRoom(message.getBodyLength());
        UploadSpool.ReceivedBody body = LargeMessageBody.is(message)
                ? spool.receive(new LargeMessageBody(message))
                : spool.receive(new BytesMessageBody(message));
        exchange.setProperty(ExchangeKeys.RECEIVED_BODY, body);
        exchange.setProperty(Ingest.FILE_NAME, name);
        String sender = LabelledSender.of(SPOOL_SENDER, identity.label(exchange), identity.usual());
        BodyKey key = spool.key(body, sender, name);
        exchange.setProperty(Ingest.SOURCE_KEY, key.toString());
        ReceivedMessage.replace(exchange, spool.path(key));
    }

    static String name(Message message) throws JMSException {
        return DocumentName.checked(
                message.propertyExists(FILE_NAME) ? String.valueOf(message.getObjectProperty(FILE_NAME)) : "");
    }

    /** Moves the body to its path in the spool, where it stays until {@link #release} and the end of its saga. */
    void claim(Exchange exchange) throws IOException {
        Path path = exchange.getMessage().getBody(Path.class);
        spool.claim(exchange.getProperty(ExchangeKeys.RECEIVED_BODY, UploadSpool.ReceivedBody.class), path);
        exchange.setProperty(CLAIMED, path);
    }

    /** Whether this node holds the body of the saga. */
    boolean isHere(SagaRecord saga) {
        return BodyKey.parse(saga.origin().key()).filter(spool::contains).isPresent();
    }

    /** The file that has the body of the message now; empty for a message without one. */
    static Optional<Path> file(Exchange exchange) {
        return exchange.getProperty(CLAIMED) instanceof Path path
                ? Optional.of(path)
                : Optional.ofNullable(exchange.getProperty(ExchangeKeys.RECEIVED_BODY, UploadSpool.ReceivedBody.class))
                        .map(UploadSpool.ReceivedBody::part);
    }

    /** Ends the use of the spool by this message, however far the message came. */
    void release(Exchange exchange) throws IOException {
        if (exchange.removeProperty(CLAIMED) instanceof Path path) {
            spool.release(path);
        } else if (exchange.getProperty(ExchangeKeys.RECEIVED_BODY) instanceof UploadSpool.ReceivedBody body) {
            spool.drop(body);
        }
    }
}
