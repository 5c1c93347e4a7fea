package dev.streamingsaga.jms;

import dev.streamingsaga.intake.DocumentRefusedException;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.apache.camel.Exchange;

/** Sends messages that fail at every redelivery, or are not delivered again, to the dead-letter queue. */
final class DeadLetters {
    private static final String REASON = "sagaReason";
    private static final String MESSAGE = "sagaMessage";

    private final String queue;
    private final MessageCopy copies;

    DeadLetters(String queue, MessageCopy copies) {
        this.queue = queue;
        this.copies = copies;
    }

    /** Sends the message unchanged, with the reason in two properties, in the transaction of its session. */
    void put(Exchange exchange) throws JMSException, IOException {
        DocumentRefusedException rejection = Refusal.reason(exchange);
        put(MessageCopy.Received.of(exchange), rejection.code(), String.valueOf(rejection.getMessage()));
    }

    /** As {@link #put(Exchange)}, for a message that was received and not refused. */
    void put(MessageCopy.Received received, String reason, String message) throws JMSException, IOException {
        copies.send(received, new MessageCopy.Target(queue, Map.of(REASON, reason, MESSAGE, message), Duration.ZERO));
    }
}
