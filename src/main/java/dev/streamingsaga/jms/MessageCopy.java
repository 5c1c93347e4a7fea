package dev.streamingsaga.jms;

import dev.streamingsaga.intake.UploadSpool;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.Exchange;

/**
 * Sends a received message unchanged to a queue, in the transaction of its session. A body that is too large for memory
 * goes through a file in the spool.
 */
final class MessageCopy {
    private final UploadSpool spool;

    /** @param spool for bodies that are too large for memory */
    MessageCopy(UploadSpool spool) {
        this.spool = spool;
    }

    /**
     * @param properties added to the sender's own
     * @param delay until the broker delivers the copy
     */
    record Target(String queue, Map<String, String> properties, Duration delay) {}

    /**
     * A message and the session that received it. A step may replace the message of the exchange.
     *
     * @param body file with the body, if it was received before: the body of a large message can be read only once
     */
    record Received(Message message, Session session, Optional<Path> body) {
        static Received of(Exchange exchange) {
            return new Received(ReceivedMessage.of(exchange), ReceivedMessage.session(exchange), Optional.empty());
        }

        Received in(Optional<Path> file) {
            return new Received(message, session, file);
        }
    }

    /** @return the id of the copy */
    String send(Received received, Target target) throws JMSException, IOException {
        Message message = received.message();
        return message instanceof BytesMessage && LargeMessageBody.is(message)
                ? stream(received, target)
                : send(received, message, target);
    }

    /** Spools the body on disk, since a connection cannot receive and send a body at the same time. */
    private String stream(Received received, Target target) throws JMSException, IOException {
        if (received.body().isPresent()) {
            return stream(received, received.body().get(), target);
        }
        UploadSpool.ReceivedBody body = spool.receiveAny(new LargeMessageBody(received.message()));
        try {
            return stream(received, body.part(), target);
        } finally {
            spool.drop(body);
        }
    }

    private static String stream(Received received, Path file, Target target) throws JMSException, IOException {
        Message message = received.message();
        try (InputStream content = Files.newInputStream(file)) {
            BytesMessage copy = received.session().createBytesMessage();
            copy.setObjectProperty(LargeMessageBody.SEND_FROM, content);
            copy.setJMSCorrelationID(message.getJMSCorrelationID());
            copy.setJMSReplyTo(message.getJMSReplyTo());
            copy.setJMSType(message.getJMSType());
            return send(received, copy, target);
        }
    }

    private static String send(Received received, Message message, Target target) throws JMSException {
        Message original = received.message();
        Map<String, Object> properties = ownProperties(original);
        long expiration = original.getJMSExpiration();
        if (message == original) {
            if (message instanceof BytesMessage bytes) {
                bytes.reset();
            }
            message.clearProperties();
        }
        for (Map.Entry<String, Object> property : properties.entrySet()) {
            message.setObjectProperty(property.getKey(), property.getValue());
        }
        for (Map.Entry<String, String> property : target.properties().entrySet()) {
            message.setStringProperty(property.getKey(), property.getValue());
        }
        Session session = received.session();
        try (MessageProducer producer = session.createProducer(session.createQueue(target.queue()))) {
            producer.setPriority(original.getJMSPriority());
            if (!target.delay().isZero()) {
                producer.setDeliveryDelay(target.delay().toMillis());
                producer.setTimeToLive(expiration == 0 ? 0 : Math.max(1, expiration - System.currentTimeMillis()));
            }
            producer.send(message);
            return message.getJMSMessageID();
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
