package dev.streamingsaga.jms;

import jakarta.jms.Message;
import jakarta.jms.Session;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.apache.camel.component.jms.JmsMessage;
import org.apache.camel.support.DefaultMessage;

/** The JMS message of an exchange: there until a step replaces it, so that no other route sees it or its headers. */
final class ReceivedMessage {
    private ReceivedMessage() {}

    static Message of(Exchange exchange) {
        return Objects.requireNonNull(exchange.getMessage(JmsMessage.class).getJmsMessage());
    }

    /** The transacted session that received the message. */
    static Session session(Exchange exchange) {
        return Objects.requireNonNull(exchange.getMessage(JmsMessage.class).getJmsSession());
    }

    /** Replaces the JMS message by a message with this body and no headers. */
    static void replace(Exchange exchange, Object body) {
        DefaultMessage message = new DefaultMessage(exchange.getContext());
        message.setBody(body);
        exchange.setMessage(message);
    }
}
