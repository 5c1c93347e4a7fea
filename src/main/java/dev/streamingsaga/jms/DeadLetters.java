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

/** The queue for messages that no repetition makes understood. */
final class DeadLetters {
    static final String REASON = "sagaReason";
    static final String MESSAGE = "sagaMessage";

    private final String queue;
    private final UploadSpool spool;

    /** @param spool for bodies that are too large to be held */
    DeadLetters(String queue, UploadSpool spool) {
        this.queue = queue;
        this.spool = spool;
    }

    /** Sends the message on as it came, why beside it, in the session's transaction. */
    void put(Session session, Message message, DocumentRefusedException why) throws JMSException, IOException {
        if (message instanceof BytesMessage && LargeMessageBody.is(message)) {
            stream(session, message, why);
        } else {
            send(session, message, message, why);
        }
    }

    /** By way of the disk: a connection can't receive and send a body at the same time. */
    private void stream(Session session, Message message, DocumentRefusedException why)
            throws JMSException, IOException {
        UploadSpool.ReceivedBody body = spool.receiveAny(new LargeMessageBody(message));
        try (InputStream content = Files.newInputStream(body.part())) {
            BytesMessage copy = session.createBytesMessage();
            copy.setObjectProperty(LargeMessageBody.SEND_FROM, content);
            copy.setJMSCorrelationID(message.getJMSCorrelationID());
            copy.setJMSReplyTo(message.getJMSReplyTo());
            send(session, message, copy, why);
        } finally {
            spool.drop(body);
        }
    }

    private void send(Session session, Message from, Message message, DocumentRefusedException why)
            throws JMSException {
        Map<String, Object> properties = own(from);
        if (message == from) {
            if (message instanceof BytesMessage bytes) {
                bytes.reset();
            }
            message.clearProperties();
        }
        for (Map.Entry<String, Object> property : properties.entrySet()) {
            message.setObjectProperty(property.getKey(), property.getValue());
        }
        message.setStringProperty(REASON, why.code());
        message.setStringProperty(MESSAGE, why.getMessage());
        try (MessageProducer producer = session.createProducer(session.createQueue(queue))) {
            producer.send(message);
        }
    }

    /** The sender's own: those of JMS and of the broker are made anew. */
    private static Map<String, Object> own(Message message) throws JMSException {
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
