package dev.streamingsaga.jms;

import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.UploadSpool;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;

/** Sends messages that fail at every redelivery to the dead-letter queue. */
final class DeadLetters {
    private static final String REASON = "sagaReason";
    private static final String MESSAGE = "sagaMessage";

    private final String queue;
    private final UploadSpool spool;

    /** @param spool for bodies that are too large for memory */
    DeadLetters(String queue, UploadSpool spool) {
        this.queue = queue;
        this.spool = spool;
    }

    /** Sends the message unchanged, with the reason in two properties, in the transaction of its session. */
    void put(Exchange exchange) throws JMSException, IOException {
        Session session = ReceivedMessage.session(exchange);
        Message message = ReceivedMessage.of(exchange);
        DocumentRefusedException rejection = Refusal.reason(exchange);
        if (message instanceof BytesMessage && LargeMessageBody.is(message)) {
            stream(session, message, rejection);
        } else {
            send(session, message, message, rejection);
        }
    }

    /** Spools the body on disk, since a connection cannot receive and send a body at the same time. */
    private void stream(Session session, Message message, DocumentRefusedException rejection)
            throws JMSException, IOException {
        UploadSpool.ReceivedBody body = spool.receiveAny(new LargeMessageBody(message));
        try (InputStream content = Files.newInputStream(body.part())) {
            BytesMessage copy = session.createBytesMessage();
            copy.setObjectProperty(LargeMessageBody.SEND_FROM, content);
            copy.setJMSCorrelationID(message.getJMSCorrelationID());
            copy.setJMSReplyTo(message.getJMSReplyTo());
            send(session, message, copy, rejection);
        } finally {
            spool.drop(body);
        }
    }

    private void send(Session session, Message original, Message message, DocumentRefusedException rejection)
            throws JMSException {
        Map<String, Object> properties = ownProperties(original);
        if (message == original) {
            if (message instanceof BytesMessage bytes) {
                bytes.reset();
            }
            message.clearProperties();
        }
        for (Map.Entry<String, Object> property : properties.entrySet()) {
            message.setObjectProperty(property.getKey(), property.getValue());
        }
        message.setStringProperty(REASON, rejection.code());
        message.setStringProperty(MESSAGE, rejection.getMessage());
        try (MessageProducer producer = session.createProducer(session.createQueue(queue))) {
            producer.send(message);
        }
    }

    /** The sender's own properties. JMS and the broker set theirs again for the copy. */
    private static Map<String, Object> ownProperties(Message message) throws JMSException {
        Map<String, Object> properties = new LinkedHashMap<>();
        @SuppressWarnings("unchecked")
        List<String> names = Collections.list(message.getPropertyNames());
        for (String name : names) {
            if (!name.startsWith("JMS") && !name.startsWith("_")) {
                properties.put(name, message.getObjectProperty(name));
            }
        }
        return properties;
    }
}
