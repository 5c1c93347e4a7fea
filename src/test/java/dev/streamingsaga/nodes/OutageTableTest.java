package dev.streamingsaga.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.HubServers;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import dev.streamingsaga.testkit.TcpGate;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Session;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Takes bucket, database, coordinator and broker away for 5 s, for 60 s and for longer than {@code saga.patience}, each
 * time with one saga held before each of its steps, and writes what became of them to {@code target/nodes/outages.md};
 * with {@code -Dnodes.write=true} to docs/failures.md, too.
 */
@Tag("nodes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OutageTableTest {
    private static final Path DOCUMENTATION = Path.of("docs/failures.md");
    private static final String BEGIN = "<!-- outages: written by OutageTableTest -->\n";
    private static final String END = "<!-- end of outages -->\n";
    private static final Duration SHORT = Duration.ofSeconds(5);
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration LONG_PATIENCE = Duration.ofMinutes(5);
    private static final Duration PATIENCE_IF_FOR_GOOD = Duration.ofSeconds(10);
    private static final Duration FOR_GOOD = Duration.ofSeconds(45);
    private static final Duration OUTCOME_LIMIT = Duration.ofMinutes(4);

    /** Each step, and the endpoint before which it is held. */
    private static final Map<String, String> STEPS = steps();

    @TempDir
    Path directory;

    private Janitor janitor;
    private Database database;

    private static Map<String, String> steps() {
        Map<String, String> steps = new LinkedHashMap<>();
        steps.put("validate", "direct://saga-validate");
        steps.put("start", "direct://saga-start");
        steps.put("upload", "direct://saga-participant-upload");
        steps.put("verify", "direct://saga-verify");
        List.of("security", "vector", "graph", "relational")
                .forEach(store -> steps.put(store, "direct://saga-participant-" + store));
        steps.put("finalize", "direct://saga-manifest");
        return steps;
    }

    @BeforeAll
    void start() {
        janitor = Janitor.create();
        database = new Database(janitor, "127.0.0.1", true).start();
    }

    @AfterAll
    void stop() {
        if (janitor != null) {
            janitor.close();
        }
    }

    private enum Dependency {
        BUCKET,
        DATABASE,
        COORDINATOR,
        BROKER
    }

    @Test
    void each_step_survives_each_outage_and_ends_in_an_outcome_if_it_lasts() throws Exception {
        StringBuilder table = new StringBuilder(
                "| away | step | 5 s | 60 s | 45 s with `saga.patience=10s` |\n|---|---|---|---|---|\n");
        List<String> wrong = new ArrayList<>();
        for (List<Dependency> together : List.of(
                List.of(Dependency.BUCKET, Dependency.BROKER), List.of(Dependency.DATABASE, Dependency.COORDINATOR))) {
            List<Outages> begun = together.stream().map(this::begin).toList();
            for (Outages outages : begun) {
                outages.addTo(table, wrong);
            }
        }
        write(table.toString());
        assertThat(wrong).isEmpty();
    }

    /** The three outages of one dependency, at the same time, each of its own instance. */
    private record Outages(
            String name,
            CompletableFuture<Map<String, String>> brief,
            CompletableFuture<Map<String, String>> longer,
            CompletableFuture<Map<String, String>> forGood) {

        void addTo(StringBuilder table, List<String> wrong) {
            for (String step : STEPS.keySet()) {
                String afterBrief = brief.join().get(step);
                String afterLonger = longer.join().get(step);
                String atTheEnd = forGood.join().get(step);
                table.append("| %s | %s | %s | %s | %s |\n".formatted(name, step, afterBrief, afterLonger, atTheEnd));
                if (!afterBrief.startsWith("`COMPLETED`")
                        || !afterLonger.startsWith("`COMPLETED`")
                        || !atTheEnd.startsWith("`COMP")) {
                    wrong.add(name + " away, " + step + ": " + afterBrief + ", " + afterLonger + ", " + atTheEnd);
                }
            }
        }
    }

    private Outages begin(Dependency dependency) {
        String name = dependency.name().toLowerCase(Locale.ROOT);
        return new Outages(
                name,
                begin(name + "-5", dependency, SHORT, LONG_PATIENCE),
                begin(name + "-60", dependency, LONG, LONG_PATIENCE),
                begin(name + "-good", dependency, FOR_GOOD, PATIENCE_IF_FOR_GOOD));
    }

    private static void write(String table) throws Exception {
        System.out.println(table);
        Files.createDirectories(Path.of("target/nodes"));
        Files.writeString(Path.of("target/nodes/outages.md"), table);
        if (Boolean.getBoolean("nodes.write")) {
            String page = Files.readString(DOCUMENTATION);
            int begin = page.indexOf(BEGIN) + BEGIN.length();
            Files.writeString(DOCUMENTATION, page.substring(0, begin) + table + page.substring(page.indexOf(END)));
        }
    }

    private CompletableFuture<Map<String, String>> begin(
            String name, Dependency dependency, Duration away, Duration patience) {
        return Background.call(name, () -> outage(name, dependency, away, patience));
    }

    /** What became of the saga that was held at each step. */
    private Map<String, String> outage(String name, Dependency dependency, Duration away, Duration patience)
            throws Exception {
        String schema = name.replace('-', '_');
        database.ask("create schema " + schema + " authorization saga");
        Path folder = Files.createDirectories(directory.resolve(name));
        int brokerPort = ServerProcess.freePort();
        EmbeddedActiveMQ broker = BrokerProcess.start("tcp://127.0.0.1:" + brokerPort, folder.resolve("broker"));
        try (HubServers servers = new HubServers(folder);
                Gates gates = new Gates(servers, database, brokerPort);
                CamelContext hub = HubServers.context(settings(servers, gates, schema, patience))) {
            StepHold hold = new StepHold();
            startHub(hub, hold, gates);
            for (Map.Entry<String, String> step : STEPS.entrySet()) {
                CountDownLatch reached = hold.arm(step.getValue());
                send(brokerPort, step.getKey());
                assertThat(reached.await(120, TimeUnit.SECONDS))
                        .as("%s reaches %s", name, step.getKey())
                        .isTrue();
            }
            TcpGate gate = gates.of(dependency);
            gate.shut();
            hold.release();
            Drill.pause(away);
            gate.open();
            Map<String, String> outcomes = outcomes(schema);
            assertNothingElseLeft(name, schema, servers);
            System.out.println(name + ": " + outcomes);
            return outcomes;
        } finally {
            broker.stop();
        }
    }

    private static void startHub(CamelContext hub, StepHold hold, Gates gates) throws Exception {
        hub.addRoutes(new StreamingSaga());
        hub.getManagementStrategy().addEventNotifier(hold);
        ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(
                "tcp://127.0.0.1:" + gates.of(Dependency.BROKER).port());
        connections.setConsumerWindowSize(0);
        hub.getRegistry().bind("saga-jms-connections", connections);
        hub.start();
        hub.addRoutes(hub.getRegistry()
                .lookupByNameAndType("saga-bundle", StreamingSaga.class)
                .jms(hub));
    }

    private Map<String, String> settings(HubServers servers, Gates gates, String schema, Duration patience) {
        Map<String, String> all = new HashMap<>(servers.properties("saga"));
        String url = "jdbc:postgresql://127.0.0.1:"
                + gates.of(Dependency.DATABASE).port() + "/postgres?user=saga&currentSchema=" + schema + ",public";
        List.of("journal", "store.security", "store.graph", "store.relational")
                .forEach(part -> all.put("saga." + part + ".url", url));
        all.put(
                "saga.store.vector.url",
                database.hasVectors() ? url : "jdbc:sqlite:" + directory.resolve(schema + "-vector.db"));
        all.put("saga.participants", "security,vector,graph,relational");
        all.put(
                "saga.s3.endpoint",
                "http://127.0.0.1:" + gates.of(Dependency.BUCKET).port());
        URI coordinator = StreamingSagaFixture.coordinator();
        all.put(
                "saga.coordinator.url",
                "http://127.0.0.1:" + gates.of(Dependency.COORDINATOR).port() + coordinator.getPath());
        all.put("saga.concurrency", "12");
        all.put("saga.patience", patience.toSeconds() + "s");
        all.put("saga.redelivery.max", "0");
        all.put("saga.step.retry-delay", "1s");
        all.put("saga.chunk.retry-delay", "1s");
        all.put("saga.compensation.retry-delay", "2s");
        all.put("saga.coordinator.timeout", "3s");
        all.put("saga.journal.timeout", "5s");
        return all;
    }

    /** The ports in front of all servers. */
    private static final class Gates implements AutoCloseable {
        private final Map<Dependency, TcpGate> gates = new HashMap<>();

        Gates(HubServers servers, Database database, int broker) {
            gates.put(
                    Dependency.BUCKET,
                    new TcpGate(URI.create(servers.properties("saga").get("saga.s3.endpoint"))
                            .getPort()));
            gates.put(Dependency.DATABASE, new TcpGate(database.port()));
            gates.put(
                    Dependency.COORDINATOR,
                    new TcpGate(StreamingSagaFixture.coordinator().getPort()));
            gates.put(Dependency.BROKER, new TcpGate(broker));
        }

        TcpGate of(Dependency dependency) {
            return gates.get(dependency);
        }

        @Override
        public void close() {
            gates.values().forEach(TcpGate::close);
        }
    }

    private static void send(int brokerPort, String step) throws Exception {
        try (ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory("tcp://127.0.0.1:" + brokerPort);
                Connection connection = connections.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = session.createBytesMessage();
            message.setStringProperty("fileName", step + ".txt");
            message.writeBytes(("Held before " + step + ".").getBytes(StandardCharsets.UTF_8));
            session.createProducer(session.createQueue(BrokerProcess.QUEUE)).send(message);
        }
    }

    private Map<String, String> outcomes(String schema) {
        String unfinished = "select count(*) from " + schema + ".saga where state not in"
                + " ('COMPLETED','COMPENSATED')"
                + " or state = 'COMPLETED' and published_at is null";
        await().atMost(OUTCOME_LIMIT)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> database.count(unfinished) == 0
                        && database.count("select count(distinct file_name) from " + schema + ".saga") == STEPS.size());
        return STEPS.keySet().stream().collect(Collectors.toMap(step -> step, step -> outcome(schema, step)));
    }

    private String outcome(String schema, String step) {
        String[] saga = database.rows("select saga_id, state, coalesce(reason, ''), run from " + schema
                        + ".saga where file_name like '%" + step + ".txt' order by saga_id desc limit 1")
                .get(0);
        boolean waited = database.count("select count(*) from " + schema + ".event where saga_id = '" + saga[0]
                        + "' and message like 'waits for %'")
                > 0;
        String outcome = "`" + saga[1] + "`" + (saga[2].isEmpty() ? "" : " `" + saga[2] + "`");
        return outcome + (waited ? ", waited" : "") + (saga[3].equals("1") ? "" : ", run " + saga[3]);
    }

    private void assertNothingElseLeft(String name, String schema, HubServers servers) {
        assertThat(database.ask("select * from " + schema + ".cleanup where state not in ('DONE', 'RESOLVED')"))
                .as("%s: clean-ups", name)
                .isEmpty();
        List<String> completed =
                database.rows("select saga_id from " + schema + ".saga where state = 'COMPLETED'").stream()
                        .map(row -> row[0])
                        .toList();
        assertThat(servers.keys().stream().filter(key -> key.contains("/chunk-")))
                .as("%s: chunks", name)
                .hasSameSizeAs(completed)
                .allMatch(key -> completed.stream().anyMatch(key::contains));
    }
}
