package dev.streamingsaga.jms;

import dev.streamingsaga.intake.Refused;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The queue for messages that no repetition makes understood. */
final class DeadLetters {
    static final String REASON = "sagaReason";
    static final String MESSAGE = "sagaMessage";

    private final String queue;

    DeadLetters(String queue) {
        this.queue = queue;
    }

    /** Sends the message on as it came, why beside it, in the session's transaction. */
    void put(Session session, Message message, Refused why) throws JMSException {
        Map<String, Object> properties = own(message);
        if (message instanceof BytesMessage bytes) {
            bytes.reset();
        }
        message.clearProperties();
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
