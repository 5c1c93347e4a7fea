package dev.streamingsaga.mail;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.TextExtractor;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;

/**
 * Extracts headers and body of a mail as one page, decoded, then its attachments. Of alternative bodies it reads plain
 * text, else HTML.
 */
public final class MailExtractor implements TextExtractor {
    private final MailBodies bodies;
    private final Attachments attachments;

    public MailExtractor(MailBodies bodies, Attachments attachments) {
        this.bodies = bodies;
        this.attachments = attachments;
    }

    @Override
    public void extract(SeekableByteChannel bytes, TextSink text) throws Exception {
        read(Channels.newInputStream(bytes.position(0)), text);
    }

    void read(InputStream bytes, TextSink text) throws Exception {
        attachments.readAfter(
                () -> {
                    text.pages(1);
                    try (MailParts parts = new MailParts(bodies, attachments, text)) {
                        parts.read(bytes);
                    }
                    text.endPage();
                },
                text);
    }
}
