package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A message larger than the heap of the receiving process is stored, or moved unchanged to the dead letter queue. */
@Tag("one-jdk")
@Tag("own-jvm")
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class LargeMessageTest {
    private static final String HEAP = "128m";
    private static final long BYTES = 135L * 1024 * 1024;
    private static final long LIMIT_MILLIS = 120_000;

    @TempDir
    Path directory;

    @Test
    void a_message_larger_than_the_heap_is_stored_or_dead_lettered_unchanged() throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        Path stop = directory.resolve("stop");
        ChildJvm.Running process = ChildJvm.launch(
                HEAP,
                data,
                Map.of("saga.http.enabled", "false", "saga.jms.embedded", "true"),
                "serve",
                stop.toString());
        try (Connection connection = JmsCrashTest.connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            String refused = send(session, "../large.bin");
            JsonNode rejection = reply(session);
            assertThat(rejection.path("reason").asText()).as("%s", rejection).isEqualTo("bad-name");
            Message deadLetter = session.createConsumer(session.createQueue("saga-ingest-dead"))
                    .receive(LIMIT_MILLIS);
            assertThat(deadLetter.getStringProperty("sagaReason")).isEqualTo("bad-name");
            assertThat(deadLetter.getStringProperty("fileName")).isEqualTo("../large.bin");
            assertThat(sha256(deadLetter)).isEqualTo(refused);

            String sent = send(session, "large.bin");
            JsonNode result = reply(session);
            assertThat(result.path("status").asText()).as("%s", result).isEqualTo("COMPLETED");
            assertThat(result.path("sha256").asText()).isEqualTo(sent);
            assertThat(result.path("sizeBytes").asLong()).isEqualTo(BYTES);
            assertThat(session.createBrowser(session.createQueue("saga-ingest"))
                            .getEnumeration()
                            .hasMoreElements())
                    .as("a message left")
                    .isFalse();
        }
        Files.createFile(stop);
        assertThat(process.end().exit()).as("%s", process.log()).isZero();
        try (Stream<Path> spool = Files.list(data.resolve("spool/jms"));
                Stream<Path> bodies = Files.list(data.resolve("broker/large"))) {
            assertThat(Stream.concat(spool, bodies))
                    .as("spool, and bodies that the broker keeps")
                    .isEmpty();
        }
    }

    /** @return the SHA-256 of the bytes sent */
    private static String send(Session session, String name) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.setObjectProperty("JMS_AMQ_InputStream", new DigestInputStream(noise(), digest));
        message.setJMSReplyTo(session.createQueue("answers"));
        session.createProducer(session.createQueue("saga-ingest")).send(message);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static InputStream noise() {
        Random random = new Random(7);
        return new InputStream() {
            private long left = BYTES;

            @Override
            public int read() {
                left--;
                return left < 0 ? -1 : random.nextInt(256);
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                int n = (int) Math.min(length, left);
                byte[] bytes = new byte[n];
                random.nextBytes(bytes);
                System.arraycopy(bytes, 0, target, offset, n);
                left -= n;
                return n == 0 ? -1 : n;
            }
        };
    }

    private static String sha256(Message message) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        message.setObjectProperty(
                "JMS_AMQ_SaveStream", new DigestOutputStream(OutputStream.nullOutputStream(), digest));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static JsonNode reply(Session session) throws Exception {
        try (MessageConsumer answers = session.createConsumer(session.createQueue("answers"))) {
            Message reply = answers.receive(LIMIT_MILLIS);
            assertThat(reply).as("a reply").isInstanceOf(TextMessage.class);
            return new ObjectMapper().readTree(((TextMessage) reply).getText());
        }
    }
}
