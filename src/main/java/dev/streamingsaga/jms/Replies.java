package dev.streamingsaga.jms;

import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends replies, each in one session transaction with the acknowledgement of its message. If the broker refuses the
 * reply, both are rolled back, and the broker redelivers the message after its redelivery delay. After
 * {@value #ATTEMPTS} refusals the message is acknowledged without a reply. A refusal affects no other message: the
 * listener container, which would close the connection of all consumers, does not see it. Thread-safe.
 */
final class Replies {
    private static final Logger LOG = LoggerFactory.getLogger(Replies.class);

    static final int ATTEMPTS = 3;

    /** More messages than this are hardly refused at the same time; the oldest begins again at its first attempt. */
    private static final int MAX_COUNTED = 10_000;

    /** Exchange property, a {@link Request}. */
    private static final String REQUEST = "SagaJmsReplyTo";

    private final Map<String, Integer> refusals = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
            return size() > MAX_COUNTED;
        }
    };

    private record Request(Session session, Destination address, String messageId, String correlationId) {}

    /** Remembers who wants a reply, before the message is replaced. */
    void remember(Exchange exchange) throws JMSException {
        Message message = ReceivedMessage.of(exchange);
        exchange.removeProperty(REQUEST);
        if (message.getJMSReplyTo() != null) {
            // Without an id, all messages to one address are counted together.
            String id =
                    message.getJMSMessageID() == null ? message.getJMSReplyTo().toString() : message.getJMSMessageID();
            String correlation = message.getJMSCorrelationID();
            exchange.setProperty(
                    REQUEST,
                    new Request(
                            ReceivedMessage.session(exchange),
                            message.getJMSReplyTo(),
                            id,
                            correlation == null || correlation.isEmpty() ? id : correlation));
        }
    }

    /**
     * Sends the body, a String, if a reply is wanted.
     *
     * @throws JMSException if the connection is broken
     */
    void send(Exchange exchange) throws JMSException {
        Request request = exchange.getProperty(REQUEST, Request.class);
        if (request == null) {
            return;
        }
        if (refusals(request) == ATTEMPTS) {
            forget(request);
            return;
        }
        try {
            send(request, exchange.getMessage().getBody(String.class));
            request.session().commit();
            forget(request);
        } catch (JMSException e) {
            request.session().rollback();
            refused(request, e);
        }
    }

    private static void send(Request request, String body) throws JMSException {
        Message reply = request.session().createTextMessage(body);
        reply.setJMSCorrelationID(request.correlationId());
        try (MessageProducer producer = request.session().createProducer(request.address())) {
            producer.send(reply);
        }
    }

    private synchronized int refusals(Request request) {
        return refusals.getOrDefault(request.messageId(), 0);
    }

    private synchronized void forget(Request request) {
        refusals.remove(request.messageId());
    }

    private synchronized void refused(Request request, JMSException e) {
        if (refusals.merge(request.messageId(), 1, Integer::sum) == ATTEMPTS) {
            LOG.warn(
                    "the reply to message {} cannot be sent to {} ({}), {} attempts; the message gets no reply, its"
                            + " outcome is in the journal",
                    request.messageId(),
                    request.address(),
                    e.getMessage(),
                    ATTEMPTS);
        }
    }
}
