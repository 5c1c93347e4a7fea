package dev.streamingsaga.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.testkit.HubServers;
import dev.streamingsaga.testkit.KafkaBroker;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example route from Kafka that operators copy, unchanged but for addresses, in a hub with a real broker. */
@Tag("one-jdk")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KafkaExampleTest {
    private static final String GROUP = "saga-ingest";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Set<String> headersInside = new ConcurrentSkipListSet<>(String.CASE_INSENSITIVE_ORDER);
    private final Set<String> valuesInside = new ConcurrentSkipListSet<>();

    private volatile CountDownLatch gate = new CountDownLatch(0);

    private KafkaBroker broker;
    private Admin admin;
    private KafkaProducer<String, String> producer;
    private HubServers servers;
    private CamelContext hub;
    private Map<String, String> properties;
    private String topic;
    private Path in;

    @BeforeAll
    void startBroker(@TempDir Path directory) throws Exception {
        broker = new KafkaBroker(directory);
        admin = Admin.create(Map.of("bootstrap.servers", broker.address()));
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.address()), new StringSerializer(), new StringSerializer());
    }

    @AfterAll
    void stopBroker() {
        producer.close();
        admin.close();
        broker.close();
    }

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        Path real = directory.toRealPath();
        servers = new HubServers(real);
        in = Files.createDirectories(real.resolve("in"));
        topic = "documents-" + real.getFileName();
        admin.createTopics(List.of(
                        new NewTopic(topic, 1, (short) 1),
                        new NewTopic(topic + "-dead", 1, (short) 1),
                        new NewTopic(topic + "-out", 1, (short) 1)))
                .all()
                .get(30, TimeUnit.SECONDS);
        properties = new HashMap<>(servers.properties("saga"));
        properties.put("saga.claim-check.roots", in.toString());
        properties.put("saga.duplicates", "version");
        properties.put("saga.participants", "spy");
        open();
    }

    private void open() throws Exception {
        hub = HubServers.context(properties);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-spy").process(KafkaExampleTest.this::look);
                from("direct:saga-store-spy-compensate").process(KafkaExampleTest.this::look);
            }
        });
        String yaml = Files.readString(Path.of("routes/examples/ingest-kafka.camel.yaml"))
                .replace("{{env:SAGA_KAFKA_BROKERS:127.0.0.1:9092}}", broker.address())
                .replace("{{env:SAGA_KAFKA_TOPIC:saga-ingest}}", topic)
                .replace("{{env:SAGA_KAFKA_DEAD_TOPIC:saga-ingest-dead}}", topic + "-dead")
                .replace("{{env:SAGA_KAFKA_OUTCOME_TOPIC:saga-ingest-outcome}}", topic + "-out")
                .replace("groupId: \"{{saga.name:saga}}-ingest\"", "groupId: " + topic + "-" + GROUP);
        assertThat(yaml).doesNotContain("{{env:").contains(topic + "-" + GROUP);
        PluginHelper.getRoutesLoader(hub).loadRoutes(ResourceHelper.fromString("ingest-kafka.camel.yaml", yaml));
        hub.start();
    }

    @AfterEach
    void stop() {
        hub.stop();
        servers.close();
    }

    private void look(Exchange exchange) throws InterruptedException {
        headersInside.addAll(exchange.getMessage().getHeaders().keySet());
        exchange.getMessage().getHeaders().values().forEach(value -> valuesInside.add(String.valueOf(value)));
        gate.await();
    }

    private void send(String value, String... headers) throws Exception {
        ProducerRecord<String, String> message = new ProducerRecord<>(topic, "the key", value);
        for (int i = 0; i < headers.length; i += 2) {
            message.headers().add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        producer.send(message).get(30, TimeUnit.SECONDS);
    }

    private static String path(Path file) throws Exception {
        return JSON.writeValueAsString(Map.of("path", file.toString()));
    }

    /** The first records of a topic, in order. */
    private List<ConsumerRecord<String, String>> records(String from, int count) {
        Properties settings = new Properties();
        settings.setProperty("bootstrap.servers", broker.address());
        settings.setProperty("auto.offset.reset", "earliest");
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(from, 0)));
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
                return records.size() >= count;
            });
        }
        return records;
    }

    private List<JsonNode> outcomes(int count) throws Exception {
        List<JsonNode> outcomes = new ArrayList<>();
        for (ConsumerRecord<String, String> line : records(topic + "-out", count)) {
            outcomes.add(JSON.readTree(line.value()));
        }
        return outcomes;
    }

    /** The committed offset; 0 if there is none. */
    private long committed() throws Exception {
        OffsetAndMetadata offset = admin.listConsumerGroupOffsets(topic + "-" + GROUP)
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS)
                .get(new TopicPartition(topic, 0));
        return offset == null ? 0 : offset.offset();
    }

    private void awaitCommitted(long offset) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(committed()).isEqualTo(offset));
    }

    @Test
    void a_record_is_committed_with_its_outcome_and_its_headers_have_no_effect() throws Exception {
        Path file = servers.text("a.txt", 50);
        gate = new CountDownLatch(1);

        send(
                path(file),
                "Long-Running-Action",
                "http://127.0.0.1:9/forged",
                "CamelFileName",
                "forged",
                "camelawss3key",
                "forged",
                "kafka.OVERRIDE_TOPIC",
                "forged",
                "sagaReason",
                "forged",
                "SagaFileName",
                "forged");
        await().atMost(Duration.ofSeconds(60)).until(() -> !headersInside.isEmpty());
        assertThat(committed()).as("while the saga runs").isZero();
        gate.countDown();

        JsonNode outcome = outcomes(1).get(0);
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("COMPLETED");
        assertThat(outcome.path("file").asText()).isEqualTo(file.toString());
        awaitCommitted(1);
        assertThat(valuesInside).doesNotContain("forged", "http://127.0.0.1:9/forged", "the key");
        assertThat(headersInside)
                .doesNotContain(
                        "CamelFileName",
                        "camelawss3key",
                        "kafka.KEY",
                        "kafka.OVERRIDE_TOPIC",
                        "sagaReason",
                        "CamelKafkaManualCommit");
    }

    @Test
    void a_redelivered_record_is_answered_by_the_saga_that_it_started() throws Exception {
        send(path(servers.text("a.txt", 50)));
        String first = outcomes(1).get(0).path("sagaId").asText();
        awaitCommitted(1);

        hub.stop();
        admin.alterConsumerGroupOffsets(
                        topic + "-" + GROUP, Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0)))
                .all()
                .get(30, TimeUnit.SECONDS);
        open();

        List<JsonNode> outcomes = outcomes(2);
        assertThat(outcomes)
                .extracting(outcome -> outcome.path("sagaId").asText())
                .containsExactly(first, first);
        awaitCommitted(1);

        send(path(in.resolve("a.txt")));
        assertThat(outcomes(3).get(2).path("sagaId").asText())
                .as("sent again, duplicates are stored again")
                .isNotEqualTo(first);
    }

    @Test
    void invalid_and_forbidden_records_go_to_the_dead_letter_topic() throws Exception {
        Path outside = Files.writeString(in.resolveSibling("outside.txt"), "not yours");
        Path link = Files.createSymbolicLink(in.resolve("link.txt"), outside);
        send("no JSON", "CamelHttpUri", "forged");
        send(path(outside));
        send(path(in.resolve("../outside.txt")));
        send(path(link));
        send(path(in.resolve("missing.txt")));
        send(path(in));
        send("{\"uri\":\"http://127.0.0.1:9/x\"}");
        send(null);
        Path good = servers.text("good.txt", 5);
        send(path(good));

        JsonNode outcome = outcomes(1).get(0);
        assertThat(outcome.path("file").asText())
                .as("bad records do not block others")
                .isEqualTo(good.toString());
        List<ConsumerRecord<String, String>> dead = records(topic + "-dead", 8);
        assertThat(dead)
                .extracting(message -> header(message, "sagaReason"))
                .containsExactly(
                        "bad-json",
                        "outside-roots",
                        "outside-roots",
                        "outside-roots",
                        "no-file",
                        "no-file",
                        "bad-json",
                        "bad-json");
        assertThat(dead).extracting(ConsumerRecord::value).startsWith("no JSON", path(outside));
        assertThat(dead)
                .allSatisfy(
                        message -> assertThat(names(message)).containsExactlyInAnyOrder("sagaMessage", "sagaReason"));
        awaitCommitted(9);
    }

    private static String header(ConsumerRecord<String, String> message, String name) {
        return new String(message.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static Set<String> names(ConsumerRecord<String, String> message) {
        Set<String> names = new TreeSet<>();
        for (Header header : message.headers()) {
            names.add(header.key());
        }
        return names;
    }
}
