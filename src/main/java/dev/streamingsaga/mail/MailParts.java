package dev.streamingsaga.mail;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.james.mime4j.MimeException;
import org.apache.james.mime4j.message.DefaultBodyDescriptorBuilder;
import org.apache.james.mime4j.message.MaximalBodyDescriptor;
import org.apache.james.mime4j.stream.EntityState;
import org.apache.james.mime4j.stream.MimeConfig;
import org.apache.james.mime4j.stream.MimeTokenStream;
import org.apache.james.mime4j.stream.RecursionMode;

/** Walks through the parts of one mail: headers, then bodies, which are text of the mail or attachments. */
final class MailParts implements AutoCloseable {
    /** More than any real mail has; a mail that exceeds these limits is damaged. */
    private static final MimeConfig LIMITS = MimeConfig.custom()
            .setMaxLineLen(1_000_000)
            .setMaxHeaderLen(1_000_000)
            .setMaxHeaderCount(10_000)
            .setMaxContentLen(-1)
            .setCountLineNumbers(false)
            .build();

    private static final int MOST_NESTED = 100;

    private static final Set<String> SIGNATURES =
            Set.of("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature");
    private static final Set<String> ENCRYPTED = Set.of("application/pkcs7-mime", "application/x-pkcs7-mime");
    private static final String MESSAGE = "message/rfc822";

    private final MailBodies bodies;
    private final Attachments attachments;
    private final TextSink text;
    private final MailHeaders headers = new MailHeaders();
    private final Deque<MailBodies.Choice> choices = new ArrayDeque<>();
    private int openParts;

    MailParts(MailBodies bodies, Attachments attachments, TextSink text) {
        this.bodies = bodies;
        this.attachments = attachments;
        this.text = text;
    }

    void read(InputStream mail) throws IOException, MimeException {
        MimeTokenStream stream = new MimeTokenStream(LIMITS, new DefaultBodyDescriptorBuilder());
        stream.setRecursionMode(RecursionMode.M_NO_RECURSE);
        stream.parse(mail);
        try {
            for (EntityState state = stream.getState(); state != EntityState.T_END_OF_STREAM; state = stream.next()) {
                accept(state, stream);
            }
        } finally {
            while (!choices.isEmpty()) {
                choices.pop().write(text);
            }
        }
    }

    private void accept(EntityState state, MimeTokenStream stream) throws IOException, MimeException {
        switch (state) {
            case T_START_BODYPART -> openParts++;
            case T_END_BODYPART -> openParts--;
            case T_FIELD -> {
                if (openParts == 0) {
                    headers.add(stream.getField());
                }
            }
            case T_END_HEADER -> {
                if (openParts == 0) {
                    headers.write(text);
                }
            }
            case T_START_MULTIPART -> startMultipart(descriptor(stream).getSubType());
            case T_END_MULTIPART -> choices.pop().write(text);
            case T_BODY -> body(descriptor(stream), stream.getDecodedInputStream());
            default -> {}
        }
    }

    private static MaximalBodyDescriptor descriptor(MimeTokenStream stream) {
        return (MaximalBodyDescriptor) stream.getBodyDescriptor();
    }

    /** Parts inside a part of an alternative belong to that alternative. */
    private void startMultipart(String subtype) throws MimeException {
        if (choices.size() == MOST_NESTED) {
            throw new MimeException("multiparts are nested too deeply");
        }
        if (subtype.equals("encrypted")) {
            warnOfEncryption();
        }
        boolean alternative = subtype.equals("alternative");
        choices.push(alternative || inAlternative() ? bodies.oneOf() : bodies.all());
    }

    private boolean inAlternative() {
        return !choices.isEmpty() && choices.peek().isExclusive();
    }

    private void warnOfEncryption() {
        text.warn(WarningCode.LOCKED, "", "the mail is encrypted; its text is not searchable");
    }

    private void body(MaximalBodyDescriptor type, InputStream bytes) throws IOException {
        String name = fileName(type);
        if (SIGNATURES.contains(type.getMimeType())) {
            return;
        }
        if (ENCRYPTED.contains(type.getMimeType()) && !isSigned(type)) {
            warnOfEncryption();
        } else if (isText(type, name)) {
            text(type, bytes);
        } else {
            boolean unnamedMail = name.isEmpty() && type.getMimeType().equals(MESSAGE);
            attachments.add(unnamedMail ? "message.eml" : name, bytes);
        }
    }

    private void text(MaximalBodyDescriptor type, InputStream bytes) throws IOException {
        if (choices.isEmpty()) {
            bodies.all().add(type, bytes, text);
        } else {
            choices.peek().add(type, bytes, text);
        }
    }

    private static boolean isSigned(MaximalBodyDescriptor type) {
        return Objects.requireNonNullElse(type.getContentTypeParameters().get("smime-type"), "")
                .startsWith("signed");
    }

    /** Whether a part is text of the mail itself, such as the report of a mail server. */
    private static boolean isText(MaximalBodyDescriptor type, String name) {
        boolean attached = "attachment".equalsIgnoreCase(type.getContentDispositionType());
        boolean report =
                type.getMediaType().equals("message") && !type.getMimeType().equals(MESSAGE);
        boolean body = type.getMediaType().equals("text") || report;
        return body && !attached && name.isEmpty();
    }

    private static String fileName(MaximalBodyDescriptor type) {
        return Stream.of(
                        type.getContentDispositionFilename(),
                        type.getContentTypeParameters().get("name"))
                .filter(Objects::nonNull)
                .map(MailHeaders::decode)
                .filter(name -> !name.isBlank())
                .findFirst()
                .orElse("");
    }

    @Override
    public void close() throws IOException {
        for (MailBodies.Choice choice : choices) {
            choice.close();
        }
    }
}
