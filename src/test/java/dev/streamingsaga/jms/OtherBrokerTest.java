package dev.streamingsaga.jms;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.streamingsaga.Internals;
import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.HubServers;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.StatefulService;
import org.apache.camel.component.jms.JmsMessage;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.EventNotifierSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** An external broker with default settings: it redelivers a message ten times without delay, then drops it. */
@Tag("one-jdk")
@Timeout(120)
class OtherBrokerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String QUEUE = "saga-ingest";

    @TempDir
    Path directory;

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch held = new CountDownLatch(1);
    private EmbeddedActiveMQ broker;
    private String url;
    private Connection connection;
    private Session session;

    @BeforeEach
    void start() throws Exception {
        try (ServerSocket free = new ServerSocket(0)) {
            url = "tcp://127.0.0.1:" + free.getLocalPort();
        }
        broker = new EmbeddedActiveMQ();
        broker.setConfiguration(new ConfigurationImpl()
                .setSecurityEnabled(false)
                .setPersistenceEnabled(false)
                .setJMXManagementEnabled(false)
                .addAcceptorConfiguration("loopback", url)
                .addAddressSetting(
                        "full",
                        new AddressSettings()
                                .setMaxSizeBytes(1)
                                .setAddressFullMessagePolicy(AddressFullMessagePolicy.FAIL)));
        broker.start();
        connection = new ActiveMQConnectionFactory(url).createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    @AfterEach
    void stop() throws Exception {
        held.countDown();
        connection.close();
        broker.stop();
    }

    private StreamingSagaFixture saga() throws Exception {
        return StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "false",
                        "saga.jms.url",
                        url,
                        "saga.chunk.parallelism",
                        "1",
                        "saga.concurrency",
                        "2")));
    }

    private void send(String name, byte[] content) throws JMSException {
        send(name, content, session.createQueue("answers"));
    }

    private void send(String name, byte[] content, Queue answers) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.setJMSReplyTo(answers);
        message.writeBytes(content);
        session.createProducer(session.createQueue(QUEUE)).send(message);
    }

    /** Includes messages that are delivered but not acknowledged. */
    private long waiting() {
        return broker.getActiveMQServer().locateQueue(QUEUE).getMessageCount();
    }

    /** Stops as on SIGTERM, while further messages arrive. */
    private void stopWhile(StreamingSagaFixture saga, int more) throws Exception {
        ActiveRun running =
                Internals.runs(saga.application().bundle()).all().iterator().next();
        CompletableFuture<Boolean> stopped = Background.run("stop", () -> {
            saga.application().close();
            return true;
        });
        await().atMost(PATIENCE).until(() -> running.revocation().isPresent());
        for (int i = 0; i < more; i++) {
            send("late" + i + ".txt", ("late " + i).getBytes());
        }
        held.countDown();
        assertThat(stopped.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
    }

    @Test
    void messages_that_arrive_during_a_stop_wait_for_the_next_start() throws Exception {
        try (StreamingSagaFixture saga = saga()) {
            saga.s3()
                    .when(method("PUT").and(keyEndsWith("/chunk-000001")))
                    .always()
                    .beforeForward(() -> {
                        reached.countDown();
                        held.await();
                    });
            send("two.bin", Files.readAllBytes(saga.file("two.bin", CHUNK + 1L)));
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();

            stopWhile(saga, 5);

            assertThat(waiting())
                    .as("the one whose saga had started and the five others")
                    .isEqualTo(6);
            saga.restart();
            await().atMost(PATIENCE).until(() -> waiting() == 0);
            await().atMost(PATIENCE)
                    .until(() -> saga.journal().sagas().newest(9).stream()
                                    .filter(one -> one.state() == SagaState.COMPLETED)
                                    .count()
                            == 6);
            assertThat(saga.journal().sagas().newest(9))
                    .extracting(one -> one.fileName())
                    .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(0, 5)
                            .mapToObj(i -> i == 5 ? "two.bin" : "late" + i + ".txt")
                            .toList());
        }
    }

    /** The broker notices it at the commit only. */
    @Test
    void a_reply_that_cannot_be_sent_is_given_up_and_disturbs_no_other_message() throws Exception {
        Queue answers = session.createQueue("full");
        session.createProducer(answers).send(session.createTextMessage("fills the address"));
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        root.addAppender(lines);
        try (StreamingSagaFixture saga = saga()) {
            saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).beforeForward(() -> {
                reached.countDown();
                held.await();
            });
            send("two.bin", Files.readAllBytes(saga.file("two.bin", CHUNK + 1L)));
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();

            send("evil.txt", "nobody reads the reply".getBytes(), answers);
            await().atMost(PATIENCE).until(() -> waiting() == 1);
            held.countDown();
            await().atMost(PATIENCE).until(() -> waiting() == 0);

            assertThat(saga.column("journal", "SELECT state FROM saga"))
                    .as("one saga for each message")
                    .containsExactly("COMPLETED", "COMPLETED");
            assertThat(((TextMessage) session.createConsumer(session.createQueue("answers"))
                                    .receive(PATIENCE.toMillis()))
                            .getText())
                    .contains("two.bin", "COMPLETED");
        } finally {
            root.detachAppender(lines);
        }
        assertThat(List.copyOf(lines.list).stream()
                        .filter(line -> line.getLevel().isGreaterOrEqual(Level.WARN)
                                && (line.getLoggerName().startsWith("dev.streamingsaga.jms")
                                        || line.getLoggerName().startsWith("org.apache.camel")
                                        || line.getLoggerName().startsWith("org.springframework"))))
                .singleElement()
                .asString()
                .contains("cannot be sent to", "3 attempts");
    }

    @Test
    void a_message_redelivered_before_its_saga_started_is_not_confused_with_an_older_one() throws Exception {
        byte[] content = "The lighthouse keeper counted his gulls.".getBytes();
        try (StreamingSagaFixture saga = saga()) {
            saga.s3().when(method("PUT")).always().answer(400, "InvalidArgument");
            send("a.txt", content);
            await().atMost(PATIENCE)
                    .until(() ->
                            saga.column("journal", "SELECT state FROM saga").equals(List.of("COMPENSATED"))
                                    && waiting() == 0);
            saga.application().close();
            saga.s3().clearRules();
            send("a.txt", content);
            try (Session other = connection.createSession(true, Session.SESSION_TRANSACTED);
                    MessageConsumer taken = other.createConsumer(other.createQueue(QUEUE))) {
                assertThat(taken.receive(30_000)).isNotNull();
                other.rollback();
            }

            saga.restart();

            await().atMost(PATIENCE).until(() -> waiting() == 0);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(saga.column("journal", "SELECT state FROM saga ORDER BY saga_id"))
                            .containsExactly("COMPENSATED", "COMPLETED"));
        }
    }

    @Test
    void a_paused_saga_keeps_its_message() throws Exception {
        try (StreamingSagaFixture saga = saga()) {
            saga.s3()
                    .when(method("PUT").and(keyEndsWith("/chunk-000001")))
                    .always()
                    .beforeForward(() -> {
                        reached.countDown();
                        held.await();
                    });
            send("two.bin", Files.readAllBytes(saga.file("two.bin", CHUNK + 1L)));
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
            String sagaId = saga.journal().sagas().newest(1).get(0).sagaId();
            CompletableFuture<String> run = Internals.runs(saga.application().bundle())
                    .find(sagaId)
                    .orElseThrow()
                    .ended();

            assertThat(Internals.engine(saga.application().bundle()).pause(sagaId))
                    .isTrue();
            held.countDown();
            assertThat(run.orTimeout(60, TimeUnit.SECONDS).join()).isEqualTo(sagaId);
            assertThat(waiting()).as("its outcome is not known yet").isOne();

            Internals.recovery(saga.application().bundle())
                    .resume(saga.journal().sagas().find(sagaId).orElseThrow());
            // A reply sent at the pause would be the first one.
            TextMessage answer = (TextMessage)
                    session.createConsumer(session.createQueue("answers")).receive(PATIENCE.toMillis());
            assertThat(answer.getText()).contains("\"status\":\"COMPLETED\"", sagaId);
            await().atMost(PATIENCE).until(() -> waiting() == 0);
            assertThat(saga.journal().sagas().find(sagaId).orElseThrow().state())
                    .isEqualTo(SagaState.COMPLETED);
            assertThat(saga.rows("relational", "relational_document WHERE visible = 1"))
                    .isOne();
        }
    }

    @Test
    void a_hub_that_is_restarted_gets_its_ingestion_endpoints_again() throws Exception {
        try (HubServers servers = new HubServers(directory)) {
            CamelContext hub = HubServers.context(servers.properties("saga"));
            hub.addRoutes(new StreamingSaga());
            for (int round = 0; round < 2; round++) {
                // A registry is cleared when its context stops.
                hub.getRegistry().bind("saga-jms-connections", new ActiveMQConnectionFactory(url));
                hub.start();
                StreamingSaga bundle = hub.getRegistry().lookupByNameAndType("saga-bundle", StreamingSaga.class);
                hub.addRoutes(bundle.jms(hub));
                send("round" + round + ".txt", ("round " + round).getBytes());
                int ended = round + 1;
                await().atMost(PATIENCE)
                        .until(() -> Internals.journal(bundle).sagas().newest(9).stream()
                                        .filter(one -> one.state() == SagaState.COMPLETED)
                                        .count()
                                == ended);
                hub.stop();
            }
            assertThat(waiting()).isZero();
        }
    }

    @Test
    void nothing_of_a_message_reaches_the_routes_of_its_saga() throws Exception {
        Set<String> reached = new ConcurrentSkipListSet<>();
        Set<String> leaked = new ConcurrentSkipListSet<>();
        try (HubServers servers = new HubServers(directory)) {
            Map<String, String> properties = new HashMap<>(servers.properties("saga"));
            properties.put(
                    "saga.jms.roots", servers.text("a.txt", 1).getParent().toString());
            CamelContext hub = HubServers.context(properties);
            hub.addRoutes(new StreamingSaga());
            hub.getManagementStrategy().addEventNotifier(new EventNotifierSupport() {
                @Override
                public void notify(CamelEvent event) {
                    if (event instanceof CamelEvent.ExchangeSendingEvent sending
                            && !sending.getEndpoint().getEndpointUri().contains("saga-jms-")) {
                        reached.add(sending.getEndpoint().getEndpointUri());
                        leaked.addAll(partsOfMessage(sending.getExchange()));
                    }
                }
            });
            hub.getRegistry().bind("saga-jms-connections", new ActiveMQConnectionFactory(url));
            hub.start();
            hub.addRoutes(hub.getRegistry()
                    .lookupByNameAndType("saga-bundle", StreamingSaga.class)
                    .jms(hub));

            send("body.txt", "the body".getBytes());
            TextMessage claim = session.createTextMessage(
                    "{\"path\":\"" + servers.text("a.txt", 1).toRealPath() + "\"}");
            claim.setStringProperty("customer", "42");
            session.createProducer(session.createQueue(QUEUE)).send(claim);
            await().atMost(PATIENCE).until(() -> waiting() == 0);
            hub.stop();
        }

        assertThat(reached).contains("direct://saga-ingest", "direct://saga-receive", "direct://saga-run");
        assertThat(leaked).isEmpty();
    }

    @Test
    void a_drained_endpoint_receives_no_message_and_continues_with_those_it_has() throws Exception {
        try (HubServers servers = new HubServers(directory)) {
            CamelContext hub = HubServers.context(servers.properties("saga"));
            hub.addRoutes(new StreamingSaga());
            hub.getRegistry().bind("saga-jms-connections", new ActiveMQConnectionFactory(url));
            hub.start();
            StreamingSaga bundle = hub.getRegistry().lookupByNameAndType("saga-bundle", StreamingSaga.class);
            hub.addRoutes(bundle.jms(hub));

            bundle.drain();

            assertThat(hub.getRoutes())
                    .filteredOn(route -> route.getRouteId().startsWith("saga-jms"))
                    .hasSize(5)
                    .filteredOn(route -> ((StatefulService) route.getConsumer()).isSuspended())
                    .extracting(Route::getRouteId)
                    .containsExactly("saga-jms");
            hub.stop();
        }
    }

    private static Set<String> partsOfMessage(Exchange exchange) {
        Set<String> parts = new HashSet<>();
        if (exchange.getMessage() instanceof JmsMessage
                || exchange.getMessage().getBody() instanceof jakarta.jms.Message) {
            parts.add("the message");
        }
        exchange.getMessage().getHeaders().keySet().stream()
                .filter(name -> name.startsWith("JMS") || name.equals("customer") || name.equals("fileName"))
                .forEach(parts::add);
        exchange.getAllProperties().forEach((name, value) -> {
            if (value instanceof jakarta.jms.Message || value instanceof Session) {
                parts.add(name);
            }
        });
        return parts;
    }
}
