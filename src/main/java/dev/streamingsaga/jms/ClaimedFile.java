package dev.streamingsaga.jms;

import dev.streamingsaga.intake.ClaimCheck;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.DocumentRefusedException.Kind;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import java.io.IOException;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** Resolves the file that a text message names. */
final class ClaimedFile {
    private final ClaimCheck claims;

    ClaimedFile(ClaimCheck claims) {
        this.claims = claims;
    }

    /**
     * Replaces the message by the file.
     *
     * @throws DocumentRefusedException if the text names no file that is allowed
     */
    void resolve(Exchange exchange) throws JMSException, IOException {
        ReceivedMessage.replace(exchange, claims.file(text((TextMessage) ReceivedMessage.of(exchange))));
    }

    private static @Nullable String text(TextMessage message) throws JMSException {
        if (LargeMessageBody.is(message)) {
            throw new DocumentRefusedException(
                    Kind.TOO_LARGE,
                    "bad-json",
                    "a text message must be {\"path\": \"/absolute/path\"} with at most " + ClaimCheck.MAX_CHARS
                            + " characters");
        }
        return message.getText();
    }
}
