package dev.streamingsaga.jms;

import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.UploadSpool;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.io.IOException;
import java.io.OutputStream;

/**
 * The body of a large message that an Artemis broker streams. Reading it through the JMS API would load all of it into
 * memory. The client can write it to an output stream instead, once for each delivery.
 */
final class LargeMessageBody implements UploadSpool.Body {
    /** Artemis sets this property on messages whose body it streams. */
    private static final String SIZE = "_AMQ_LARGE_SIZE";

    private static final String CLIENT = "org.apache.activemq.artemis.";

    /** Setting this property is a call: the Artemis client writes the body to the stream. */
    private static final String SAVE_TO = "JMS_AMQ_SaveStream";

    /** Setting this property makes the Artemis client send the body from the stream. */
    static final String SEND_FROM = "JMS_AMQ_InputStream";

    private final Message message;

    LargeMessageBody(Message message) {
        this.message = message;
    }

    static boolean is(Message message) throws JMSException {
        return message.propertyExists(SIZE) && message.getClass().getName().startsWith(CLIENT);
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        try {
            message.setObjectProperty(SAVE_TO, out);
        } catch (JMSException e) {
            throw new BodyAbortedException("the body of the message did not arrive completely: " + e.getMessage(), e);
        }
    }
}
