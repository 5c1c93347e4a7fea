package dev.streamingsaga.jms;

import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.UploadSpool;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.io.IOException;
import java.io.OutputStream;

/**
 * The body of a message that an Artemis broker streams. Its client has the whole of it in memory as soon as it is read
 * in the way that JMS knows; it must be written to a stream instead, which can be done once for each delivery.
 */
final class LargeMessageBody implements UploadSpool.Body {
    /** Set by Artemis on bodies that it streams. */
    private static final String SIZE = "_AMQ_LARGE_SIZE";

    private static final String CLIENT = "org.apache.activemq.artemis.";

    /** Properties that are none, but calls of that client. */
    private static final String SAVE_TO = "JMS_AMQ_SaveStream";

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
            throw new BodyAbortedException("the message's body did not arrive to its end: " + e.getMessage(), e);
        }
    }
}
