package dev.streamingsaga.jms;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.ClaimCheck;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.DocumentRefusedException.Kind;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.trace.TraceLink;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.jms.JmsMessage;
import org.apache.camel.support.DefaultMessage;
import org.jspecify.annotations.Nullable;

/** Ingests the document that a message carries or names, and builds the reply. */
final class MessageIngestion {
    private static final String FILE_NAME = "fileName";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SagaConfig config;
    private final Journal journal;
    private final Ingest ingest;
    private final UploadSpool spool;
    private final ClaimCheck claims;
    private final DeadLetters deadLetters;
    private final ProducerTemplate template;

    MessageIngestion(JmsDependencies parts, UploadSpool spool, CamelContext context) {
        this.config = parts.config();
        this.journal = parts.journal();
        this.ingest = parts.ingest();
        this.spool = spool;
        this.claims = new ClaimCheck("saga.jms.roots", config.jms().roots());
        this.deadLetters = new DeadLetters(config.jms().deadLetterQueue(), spool);
        this.template = context.createProducerTemplate();
    }

    /** The message and the trace that a saga originates from. */
    private record Origin(Optional<String> request, TraceLink trace) {}

    /** Sets the reply in the exchange. If it throws, the broker redelivers the message. */
    void answer(Exchange exchange) throws Exception {
        JmsMessage received = exchange.getMessage(JmsMessage.class);
        Message message = Objects.requireNonNull(received.getJmsMessage());
        Session session = Objects.requireNonNull(received.getJmsSession());
        DefaultMessage reply = new DefaultMessage(exchange.getContext());
        try {
            reply.setBody(JSON.writeValueAsString(outcome(message, TraceLink.of(exchange))));
        } catch (DocumentRefusedException e) {
            if (e.kind() == Kind.NO_ROOM) {
                throw e; // temporary: let the broker redeliver the message
            }
            deadLetters.put(session, message, e);
            reply.setBody(JSON.writeValueAsString(
                    Map.of("status", "REFUSED", "reason", e.code(), "message", String.valueOf(e.getMessage()))));
        }
        exchange.setMessage(reply);
    }

    /**
     * A broker that crashed may redeliver a message without marking it as redelivered; the message id identifies it.
     */
    private IngestResult outcome(Message message, TraceLink trace) throws Exception {
        Optional<String> request =
                Optional.ofNullable(message.getJMSMessageID()).map(id -> "jms " + id);
        Optional<SagaRecord> existing = request.flatMap(journal.registration()::requested);
        if (existing.isPresent()) {
            return ingest.await(existing.get().sagaId());
        }
        if (message instanceof TextMessage text) {
            return ofFile(text, new Origin(request, trace));
        }
        if (message instanceof BytesMessage bytes) {
            return ofBody(bytes, new Origin(request, trace));
        }
        throw new DocumentRefusedException(
                Kind.MALFORMED,
                "bad-message",
                "a message must be text, {\"path\": \"/absolute/path\"}, or bytes with the property fileName");
    }

    /** A sender may disable message ids. A redelivered message is then recognized by its file. */
    private static boolean identifiedByFile(Message message, Origin origin) throws JMSException {
        return origin.request().isEmpty() && message.getJMSRedelivered();
    }

    private IngestResult ofFile(TextMessage message, Origin origin) throws Exception {
        Path file = claims.file(text(message));
        Optional<String> before = !identifiedByFile(message, origin)
                ? Optional.empty()
                : journal.registration()
                        .newest(file.toString())
                        .filter(seen -> !seen.saga().state().isFinal()
                                || seen.identity().equals(SourceFile.regularFile(file)))
                        .map(seen -> seen.saga().sagaId());
        return before.isPresent()
                ? ingest.await(before.get())
                : ingest(file, String.valueOf(file.getFileName()), origin, Optional.empty());
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

    private IngestResult ofBody(BytesMessage message, Origin origin) throws Exception {
        String name = DocumentName.checked(
                message.propertyExists(FILE_NAME) ? String.valueOf(message.getObjectProperty(FILE_NAME)) : "");
        spool.requireRoom(message.getBodyLength());
        UploadSpool.ReceivedBody body = LargeMessageBody.is(message)
                ? spool.receive(new LargeMessageBody(message))
                : spool.receive(new BytesMessageBody(message));
        boolean claimed = false;
        try {
            Path source = spool.store(body, "jms", name);
            Optional<String> before = !identifiedByFile(message, origin)
                    ? Optional.empty()
                    : journal.registration()
                            .newest(source.toString())
                            .map(seen -> seen.saga().sagaId());
            if (before.isPresent()) {
                return ingest.await(before.get());
            }
            spool.claim(body, source);
            claimed = true;
            try {
                return ingest(source, name, origin, Optional.of("jms:"));
            } finally {
                spool.release(source);
            }
        } finally {
            if (!claimed) {
                spool.drop(body);
            }
        }
    }

    private IngestResult ingest(Path file, String name, Origin origin, Optional<String> sender) throws Exception {
        Exchange exchange = template.send(config.direct("ingest"), ExchangePattern.InOut, call -> {
            call.getMessage().setBody(file);
            call.setProperty(Ingest.FILE_NAME, name);
            call.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
            origin.request().ifPresent(id -> call.setProperty(Ingest.REQUEST, id));
            sender.ifPresent(value -> call.setProperty(Ingest.SENDER, value));
            origin.trace().to(call);
        });
        if (exchange.getException() != null) {
            throw exchange.getException();
        }
        return exchange.getMessage().getBody(IngestResult.class);
    }
}
