package dev.streamingsaga.jms;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.DocumentRefusedException.Kind;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.util.Optional;
import org.apache.camel.Exchange;

/** Who sent a message, and the owner and classification that it gives its document. */
final class MessageIdentity {
    private static final String OWNER = "owner";
    private static final String CLASSIFICATION = "classification";

    private final Access access;
    private final SecurityLabel usual;

    MessageIdentity(String queue, SecurityLabel usual) {
        this.access = new Access(Actor.message(queue), "jms", AccessLimit.NONE);
        this.usual = usual;
    }

    /** @throws DocumentRefusedException if the message has an invalid owner or classification */
    void set(Exchange exchange) throws JMSException {
        exchange.setProperty(Ingest.ACCESS, access);
        exchange.removeProperty(Ingest.LABEL);
        Message message = ReceivedMessage.of(exchange);
        Optional<String> owner = text(message, OWNER);
        Optional<String> classification = text(message, CLASSIFICATION);
        if (owner.isPresent() || classification.isPresent()) {
            exchange.setProperty(
                    Ingest.LABEL, label(owner.orElse(usual.owner()), classification.orElse(usual.classification())));
        }
    }

    private static SecurityLabel label(String owner, String classification) {
        try {
            return SecurityLabel.checked(owner, classification);
        } catch (IllegalArgumentException e) {
            throw new DocumentRefusedException(Kind.MALFORMED, "bad-label", String.valueOf(e.getMessage()));
        }
    }

    private static Optional<String> text(Message message, String property) throws JMSException {
        return message.propertyExists(property)
                ? Optional.of(String.valueOf(message.getObjectProperty(property)))
                : Optional.empty();
    }

    Access access() {
        return access;
    }

    SecurityLabel label(Exchange exchange) {
        return exchange.getProperty(Ingest.LABEL, usual, SecurityLabel.class);
    }

    SecurityLabel usual() {
        return usual;
    }
}
