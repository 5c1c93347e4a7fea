package dev.streamingsaga.jms;

import dev.streamingsaga.intake.BodyAbortedException;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.io.InputStream;

/** Reads the body of a bytes message as a stream. The client library decides whether it buffers the body. */
final class BytesMessageBody extends InputStream {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final BytesMessage message;
    private final byte[] buffer = new byte[BUFFER_BYTES];

    BytesMessageBody(BytesMessage message) {
        this.message = message;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        try {
            int n = message.readBytes(buffer, Math.min(length, BUFFER_BYTES));
            if (n > 0) {
                System.arraycopy(buffer, 0, target, offset, n);
            }
            return n <= 0 ? -1 : n;
        } catch (JMSException e) {
            throw new BodyAbortedException("the body of the message did not arrive completely: " + e.getMessage(), e);
        }
    }
}
