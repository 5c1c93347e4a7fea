package dev.streamingsaga.jms;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.DocumentRefusedException.Kind;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/** Messages that fail at every redelivery. */
final class Refusal {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Refusal() {}

    /** A step that refuses a message that is neither text nor bytes. */
    static Processor ofType() {
        return exchange -> {
            throw new DocumentRefusedException(
                    Kind.MALFORMED,
                    "bad-message",
                    "a message must be text, {\"path\": \"/absolute/path\"}, or bytes with the property fileName");
        };
    }

    /** Whether redelivery does not help; the predicate of a catch clause. A full disk is temporary. */
    static boolean isPermanent(Exchange exchange) {
        return exchange.getException(DocumentRefusedException.class).kind() != Kind.NO_ROOM;
    }

    /** Replaces the message by the reply. */
    static void reply(Exchange exchange) throws JsonProcessingException {
        DocumentRefusedException reason = reason(exchange);
        ReceivedMessage.replace(
                exchange,
                JSON.writeValueAsString(Map.of(
                        "status", "REFUSED", "reason", reason.code(), "message", String.valueOf(reason.getMessage()))));
    }

    /** Why the message was refused, once it was caught. */
    static DocumentRefusedException reason(Exchange exchange) {
        return exchange.getProperty(Exchange.EXCEPTION_CAUGHT, DocumentRefusedException.class);
    }
}
