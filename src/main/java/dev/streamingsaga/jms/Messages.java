package dev.streamingsaga.jms;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.PathRoots;
import dev.streamingsaga.intake.Refused;
import dev.streamingsaga.intake.Refused.Kind;
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
import java.net.URI;
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

/** What a message asks for, and its answer. */
final class Messages {
    private static final int MAX_TEXT_CHARS = 64 * 1024;

    /** Set by Artemis on bodies that it streams; a text so large is none of ours, and must not be read to find out. */
    private static final String LARGE = "_AMQ_LARGE_SIZE";
    private static final String FILE_NAME = "fileName";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader REQUEST = JSON.readerFor(Request.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final SagaConfig config;
    private final Journal journal;
    private final Ingest ingest;
    private final UploadSpool spool;
    private final DeadLetters deadLetters;
    private final ProducerTemplate template;

    Messages(JmsParts parts, UploadSpool spool, CamelContext context) {
        this.config = parts.config();
        this.journal = parts.journal();
        this.ingest = parts.ingest();
        this.spool = spool;
        this.deadLetters = new DeadLetters(config.jms().deadLetterQueue());
        this.template = context.createProducerTemplate();
    }

    /** What a saga comes from. */
    private record Origin(Optional<String> request, TraceLink trace) {}

    private record Request(@Nullable String path, @Nullable String uri) {}

    /** Leaves the reply in the exchange; whatever it throws brings the message back. */
    void answer(Exchange exchange) throws Exception {
        JmsMessage received = exchange.getMessage(JmsMessage.class);
        Message message = Objects.requireNonNull(received.getJmsMessage());
        Session session = Objects.requireNonNull(received.getJmsSession());
        DefaultMessage reply = new DefaultMessage(exchange.getContext());
        try {
            reply.setBody(JSON.writeValueAsString(outcome(message, TraceLink.of(exchange))));
        } catch (Refused e) {
            if (e.kind() == Kind.NO_ROOM) {
                throw e; // another time it may be understood very well
            }
            deadLetters.put(session, message, e);
            reply.setBody(JSON.writeValueAsString(Map.of("status", "REFUSED", "reason", e.code(), "message", String.valueOf(e.getMessage()))));
        }
        exchange.setMessage(reply);
    }

    /** A broker that crashed may bring a message again and not say so: its id tells. */
    private IngestResult outcome(Message message, TraceLink trace) throws Exception {
        Optional<String> request = Optional.ofNullable(message.getJMSMessageID()).map(id -> "jms " + id);
        Optional<SagaRecord> begun = request.flatMap(journal::requested);
        if (begun.isPresent()) {
            return ingest.await(begun.get().sagaId());
        }
        if (message instanceof TextMessage text) {
            return ofFile(text, new Origin(request, trace));
        }
        if (message instanceof BytesMessage bytes) {
            return ofBody(bytes, new Origin(request, trace));
        }
        throw new Refused(Kind.MALFORMED, "bad-message", "a message must be text, {\"path\": \"/absolute/path\"}, or bytes with the property fileName");
    }

    private IngestResult ofFile(TextMessage message, Origin origin) throws Exception {
        if (config.jms().roots().isEmpty()) {
            throw new Refused(Kind.OUTSIDE, "no-roots", "files of this machine are not taken, since saga.jms.roots is empty; send the content instead");
        }
        Path file = new PathRoots("saga.jms.roots", config.jms().roots()).resolve(path(message));
        Optional<String> before = !message.getJMSRedelivered() ? Optional.empty() : journal.newest(file.toString())
                .filter(seen -> !seen.saga().state().isFinal() || seen.identity().equals(SourceFile.regularFile(file)))
                .map(seen -> seen.saga().sagaId());
        return before.isPresent() ? ingest.await(before.get()) : ingest(file, String.valueOf(file.getFileName()), origin);
    }

    private static String path(TextMessage message) throws JMSException {
        if (message.propertyExists(LARGE) || message.getText() == null || message.getText().length() > MAX_TEXT_CHARS) {
            throw new Refused(Kind.TOO_LARGE, "bad-json", "a text message must be {\"path\": \"/absolute/path\"}, of " + MAX_TEXT_CHARS + " characters at most");
        }
        try {
            Request request = REQUEST.readValue(message.getText());
            if (request.path() != null && request.uri() == null) {
                return request.path();
            }
            if (request.uri() != null && request.path() == null) {
                return Path.of(URI.create(request.uri())).toString();
            }
        } catch (JacksonException | IllegalArgumentException | java.nio.file.FileSystemNotFoundException e) {
            throw malformed(e);
        }
        throw malformed(null);
    }

    private static Refused malformed(@Nullable Exception cause) {
        return new Refused(Kind.MALFORMED, "bad-json", "a text message must be {\"path\": \"/absolute/path\"} or {\"uri\": \"file:///absolute/path\"}", cause);
    }

    private IngestResult ofBody(BytesMessage message, Origin origin) throws Exception {
        String name = DocumentName.checked(message.propertyExists(FILE_NAME) ? String.valueOf(message.getObjectProperty(FILE_NAME)) : "");
        spool.requireRoom(message.getBodyLength());
        UploadSpool.Received body = spool.receive(new BytesBody(message));
        boolean claimed = false;
        try {
            Path place = spool.place(body, "jms", name);
            Optional<String> before = !message.getJMSRedelivered() ? Optional.empty()
                    : journal.newest(place.toString()).map(seen -> seen.saga().sagaId());
            if (before.isPresent()) {
                return ingest.await(before.get());
            }
            spool.claim(body, place);
            claimed = true;
            try {
                return ingest(place, name, origin);
            } finally {
                spool.release(place);
            }
        } finally {
            if (!claimed) {
                spool.drop(body);
            }
        }
    }

    private IngestResult ingest(Path file, String name, Origin origin) throws Exception {
        Exchange exchange = template.send(config.direct("ingest"), ExchangePattern.InOut, call -> {
            call.getMessage().setBody(file);
            call.setProperty(Ingest.FILE_NAME, name);
            origin.request().ifPresent(id -> call.setProperty(Ingest.REQUEST, id));
            origin.trace().to(call);
        });
        if (exchange.getException() != null) {
            throw exchange.getException();
        }
        return exchange.getMessage().getBody(IngestResult.class);
    }
}
