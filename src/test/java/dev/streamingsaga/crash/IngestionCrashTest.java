package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.BucketConnection;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.recovery.Orphan;
import dev.streamingsaga.testkit.Background;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.model.S3Object;

/** All ingestion endpoints at once, in one process that is killed twice during the work. */
@Tag("one-jdk")
@Tag("own-jvm")
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class IngestionCrashTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int EACH = 10;
    private static final int ALL = 5 * EACH;
    private static final List<Integer> KILLED_AFTER = List.of(12, 30);
    private static final int HTTP_CLIENTS = 4;

    @TempDir
    static Path directory;

    private Path data;
    private Path drop;
    private Path originals;
    private Path stop;
    private Map<String, String> settings;
    private HttpSender http;
    /** Endpoint and number by the SHA-256 of the content sent. */
    private final Map<String, String> sent = new TreeMap<>();

    @BeforeAll
    static void links() throws IOException {
        directory = directory.toRealPath();
    }

    @BeforeEach
    void folders() throws IOException {
        Path here = Files.createTempDirectory(directory, "case");
        data = Files.createDirectory(here.resolve("data"));
        drop = Files.createDirectory(here.resolve("drop"));
        originals = Files.createDirectory(here.resolve("originals"));
        stop = here.resolve("stop");
    }

    @ParameterizedTest
    @ValueSource(strings = {"skip", "version"})
    void fp34_fifty_files_from_all_endpoints_become_fifty_documents_whenever_the_process_is_killed(String duplicates)
            throws Exception {
        settings = new HashMap<>(Map.of(
                "saga.http.roots",
                originals.toString(),
                "saga.jms.embedded",
                "true",
                "saga.jms.roots",
                originals.toString(),
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.stable-for",
                "0s",
                "saga.drop.interval",
                "100ms",
                "saga.concurrency",
                "6",
                "saga.duplicates",
                duplicates));
        http = new HttpSender(data, duplicates.equals("version"));

        ChildJvm.Running process = ChildJvm.launch(data, settings, "serve", stop.toString());
        List<CompletableFuture<JsonNode>> overHttp = sendOverHttp();
        dropFiles();
        sendMessages();
        for (int completed : KILLED_AFTER) {
            killInTheMiddle(process, completed);
            process = ChildJvm.launch(data, settings, "serve", stop.toString());
        }
        assertThat(http.broken()).as("HTTP requests that a kill broke off").isPositive();

        assertThat(overHttp)
                .allSatisfy(outcome ->
                        assertThat(outcome.join().path("status").asText()).isEqualTo("COMPLETED"));
        assertRepliesAndEmptyQueues();
        await().atMost(LIMIT)
                .until(() -> count("saga WHERE state = 'COMPLETED'") >= ALL
                        && files(drop).size() == 2 * EACH);
        Files.createFile(stop);
        ChildJvm.End end = process.end();
        assertThat(end.exit()).as("%s", end.log()).isZero();

        assertThat(files(drop)).allMatch(name -> name.startsWith(".done/"));
        assertThat(Stream.of("http", "jms")
                        .flatMap(endpoint -> files(data.resolve("spool").resolve(endpoint)).stream()))
                .as("spool")
                .isEmpty();
        assertOneDocumentEach();
        assertBucketAndStoresAgree();
        Lane.remove(data.getParent());
    }

    /** Some have several chunks: they are still being uploaded when others have completed. */
    private byte[] content(String endpoint, int i) {
        byte[] bytes = new byte[i % 3 == 0 ? 6_000_000 + i * 500_000 : 2_000 + i];
        new Random((endpoint + i).hashCode()).nextBytes(bytes);
        if (i % 3 == 1) {
            bytes = ("The " + i + ". keeper of the " + endpoint + " lighthouse counted his gulls.\n")
                    .repeat(3 + i)
                    .getBytes();
        }
        sent.put(Oracle.sha256(bytes), endpoint + "-" + i);
        return bytes;
    }

    private Path original(String endpoint, int i) throws IOException {
        return Files.write(originals.resolve(endpoint + "-" + i + ".bin"), content(endpoint, i));
    }

    /** Several concurrent clients; each sends one file after another and waits for each outcome. */
    private List<CompletableFuture<JsonNode>> sendOverHttp() throws IOException {
        List<Path> puts = new ArrayList<>();
        List<Path> posts = new ArrayList<>();
        for (int i = 0; i < EACH; i++) {
            puts.add(original("put", i));
            posts.add(original("post", i));
        }
        List<CompletableFuture<JsonNode>> outcomes = IntStream.range(0, 2 * EACH)
                .mapToObj(i -> new CompletableFuture<JsonNode>())
                .toList();
        for (int client = 0; client < HTTP_CLIENTS; client++) {
            int first = client;
            Background.run("client-" + client, () -> {
                for (int i = first; i < 2 * EACH; i += HTTP_CLIENTS) {
                    int number = i;
                    try {
                        outcomes.get(i)
                                .complete(
                                        i % 2 == 0
                                                ? untilDone(again -> http.put(puts.get(number / 2), again))
                                                : untilDone(again -> http.post(posts.get(number / 2), again)));
                    } catch (RuntimeException e) {
                        outcomes.get(i).completeExceptionally(e);
                    }
                }
                return true;
            });
        }
        return outcomes;
    }

    private interface Attempt {
        Optional<JsonNode> go(boolean again) throws Exception;
    }

    private static JsonNode untilDone(Attempt attempt) {
        boolean[] again = {false};
        return await().atMost(LIMIT.multipliedBy(3))
                .until(
                        () -> {
                            Optional<JsonNode> outcome = attempt.go(again[0]);
                            again[0] = true;
                            return outcome;
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    private void dropFiles() throws IOException {
        for (int i = 0; i < EACH; i++) {
            Path draft = Files.write(drop.resolve("drop-" + i + ".part"), content("drop", i));
            Files.move(draft, drop.resolve("drop-" + i + ".bin"));
        }
    }

    private void sendMessages() throws JMSException, IOException {
        try (Connection connection = JmsCrashTest.connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            for (int i = 0; i < EACH; i++) {
                BytesMessage bytes = session.createBytesMessage();
                bytes.setStringProperty("fileName", "bytes-" + i + ".bin");
                bytes.writeBytes(content("bytes", i));
                String path = original("path", i).toString();
                for (Message message :
                        List.of(bytes, session.createTextMessage(JSON.writeValueAsString(Map.of("path", path))))) {
                    message.setJMSReplyTo(session.createQueue("answers"));
                    message.setJMSCorrelationID(message == bytes ? "bytes-" + i : "path-" + i);
                    producer.send(message);
                }
            }
        }
    }

    /** Reads the progress from the journal, and checks it again after the kill. */
    private void killInTheMiddle(ChildJvm.Running process, int completed) throws SQLException {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptionsMatching(SQLException.class::isInstance)
                .until(() -> !process.process().isAlive()
                        || count("saga WHERE state = 'COMPLETED'") >= completed
                                && count("saga WHERE state = 'UPLOADING'") >= 2);
        ChildJvm.End killed = process.kill();
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(count("saga WHERE state = 'COMPLETED'"))
                .as("completed when it was killed")
                .isBetween((long) completed, ALL - 5L);
        assertThat(count("saga WHERE state <> 'COMPLETED'"))
                .as("in progress when it was killed")
                .isGreaterThanOrEqualTo(2);
    }

    /** A reply is sent in the same transaction that acknowledges its message. */
    private void assertRepliesAndEmptyQueues() throws Exception {
        List<String> answered = new ArrayList<>();
        try (Connection connection = JmsCrashTest.connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageConsumer answers = session.createConsumer(session.createQueue("answers"));
            for (int i = 0; i < 2 * EACH; i++) {
                Message reply = answers.receive(LIMIT.toMillis());
                assertThat(reply).as("reply %d, after those to %s", i, answered).isInstanceOf(TextMessage.class);
                assertThat(JSON.readTree(((TextMessage) reply).getText())
                                .path("status")
                                .asText())
                        .isEqualTo("COMPLETED");
                answered.add(reply.getJMSCorrelationID());
            }
            assertThat(answered).doesNotHaveDuplicates();
            assertThat(answers.receiveNoWait()).as("another reply").isNull();
            for (String queue : List.of("saga-ingest", "saga-ingest-dead")) {
                assertThat(session.createBrowser(session.createQueue(queue))
                                .getEnumeration()
                                .hasMoreElements())
                        .as("messages in %s", queue)
                        .isFalse();
            }
        }
    }

    private void assertOneDocumentEach() throws Exception {
        assertThat(sent).hasSize(ALL);
        assertThat(Oracle.rows(data, "journal", "SELECT state FROM saga"))
                .hasSize(ALL)
                .containsOnly("COMPLETED");
        assertThat(Oracle.rows(data, "relational", "SELECT sha256 FROM relational_document WHERE visible = 1"))
                .containsExactlyInAnyOrderElementsOf(sent.keySet());
        assertThat(Oracle.count(data, "relational", "relational_document")).isEqualTo(ALL);
        assertThat(count("source_claim")).isZero();
        for (int i = 0; i < EACH; i++) {
            JsonNode outcome = JSON.readTree(Files.readAllBytes(drop.resolve(".done/drop-" + i + ".bin.json")));
            assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
            String sha256 = Oracle.sha256(Files.readAllBytes(drop.resolve(".done/drop-" + i + ".bin")));
            assertThat(outcome.path("sha256").asText()).isEqualTo(sha256);
            assertThat(sent).containsEntry(sha256, "drop-" + i);
        }
    }

    private void assertBucketAndStoresAgree() throws Exception {
        SagaConfig config = Settings.parse(ChildJvm.settings(data, settings));
        List<String> stored = new ArrayList<>();
        long keys = 0;
        try (BucketConnection bucket = BucketConnection.openReadOnly(config)) {
            List<String> prefixes = Oracle.rows(data, "journal", "SELECT key_prefix FROM saga");
            for (String prefix : prefixes) {
                List<String> found = bucket
                        .client()
                        .listObjectsV2Paginator(
                                r -> r.bucket(config.servers().s3().bucket()).prefix(prefix))
                        .contents()
                        .stream()
                        .map(S3Object::key)
                        .sorted()
                        .toList();
                keys += found.size();
                ByteArrayOutputStream joined = new ByteArrayOutputStream();
                for (String key :
                        found.stream().filter(name -> name.contains("/chunk-")).toList()) {
                    joined.write(bucket.client()
                            .getObjectAsBytes(r ->
                                    r.bucket(config.servers().s3().bucket()).key(key))
                            .asByteArray());
                }
                stored.add(Oracle.sha256(joined.toByteArray()));
            }
            assertThat(bucket.chunks().keys("").stream().filter(key -> !key.endsWith("/.owner.json")))
                    .as("keys in the bucket")
                    .hasSize((int) keys);
        }
        assertThat(stored)
                .as("SHA-256 of the chunks' bytes, joined")
                .containsExactlyInAnyOrderElementsOf(sent.keySet());
        try (Inspection inspection = Inspection.openAll(config)) {
            List<Orphan> orphans = new ArrayList<>();
            inspection.reader().listOrphans(orphans::add);
            assertThat(orphans).isEmpty();
            List<Drift> drifts = new ArrayList<>();
            List<SagaRecord> documents = inspection.reader().documents();
            documents.forEach(saga -> drifts.addAll(inspection.reader().verify(saga, true)));
            assertThat(documents).hasSize(ALL);
            assertThat(drifts).isEmpty();
        }
    }

    private long count(String table) throws SQLException {
        return Oracle.count(data, "journal", table);
    }

    private static List<String> files(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .filter(name -> !name.endsWith(".lock"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
