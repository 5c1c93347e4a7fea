package dev.streamingsaga.mail;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.PartSink;
import dev.streamingsaga.extractor.TextExtractor;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;

/** Extracts each message of a mailbox as a part of it. */
public final class MboxExtractor implements TextExtractor {
    private final MailBodies bodies;
    private final Attachments attachments;

    public MboxExtractor(MailBodies bodies, Attachments attachments) {
        this.bodies = bodies;
        this.attachments = attachments;
    }

    @Override
    public void extract(SeekableByteChannel bytes, TextSink text) throws Exception {
        attachments.readAfter(
                () -> {
                    MboxMessages messages = new MboxMessages(Channels.newInputStream(bytes.position(0)));
                    for (int number = 1; messages.next(); number++) {
                        MailExtractor mail = new MailExtractor(bodies, attachments.ofMessage());
                        PartSink.read(part -> mail.read(messages, part), text, "message " + number);
                    }
                },
                text);
    }
}
