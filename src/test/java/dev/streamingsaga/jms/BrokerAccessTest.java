package dev.streamingsaga.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQExceptionType;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientRequestor;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ClientSessionFactory;
import org.apache.activemq.artemis.api.core.client.ServerLocator;
import org.apache.activemq.artemis.api.core.management.ManagementHelper;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The permissions of the accounts of the embedded broker. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class BrokerAccessTest {
    private static final long PATIENCE_MILLIS = 90_000;
    private static final long NOTHING_MILLIS = 500;

    private StreamingSagaFixture saga;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        saga = StreamingSagaFixture.start(
                directory.toRealPath(),
                new HashMap<>(
                        Map.of("saga.http.enabled", "false", "saga.jms.embedded", "true", "saga.participants", "")));
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private interface Work {
        void with(Session session) throws Exception;
    }

    private static void as(ActiveMQConnectionFactory account, Work work) throws Exception {
        try (account;
                Connection connection = account.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            work.with(session);
        }
    }

    private static void send(Session session, String queue, String text) throws JMSException {
        session.createProducer(session.createQueue(queue)).send(session.createTextMessage(text));
    }

    @Test
    void keeps_its_credentials_to_the_owner() throws Exception {
        for (String file : new String[] {"broker.credentials", "broker-operator.credentials"}) {
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(saga.data().resolve(file))))
                    .isEqualTo("rw-------");
            assertThat(Files.readAllLines(saga.data().resolve(file)).get(1)).hasSizeGreaterThanOrEqualTo(64);
        }
    }

    /** The last one is the broker's internal account with its well-known default. */
    @ParameterizedTest
    @CsvSource(
            value = {
                "-, -",
                "saga-producer, wrong",
                "saga-operator, wrong",
                "admin, admin",
                "ACTIVEMQ.CLUSTER.ADMIN.USER, CHANGE ME!!"
            },
            nullValues = "-")
    void rejects_connections_without_valid_credentials(String user, String password) throws Exception {
        try (ActiveMQConnectionFactory stranger =
                new ActiveMQConnectionFactory(BrokerClient.url(saga.data()), user, password)) {
            assertThatThrownBy(() -> stranger.createConnection().createSession())
                    .isInstanceOf(JMSSecurityException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_producer_sends_documents_and_gets_replies(boolean temporary) throws Exception {
        Path file = saga.text("a-" + temporary + ".txt", 3);
        as(BrokerClient.producer(saga.data()), session -> {
            Queue replies = temporary ? session.createTemporaryQueue() : session.createQueue("answers");
            var document = session.createBytesMessage();
            document.setStringProperty("fileName", file.getFileName().toString());
            document.writeBytes(Files.readAllBytes(file));
            document.setJMSReplyTo(replies);
            session.createProducer(session.createQueue("saga-ingest")).send(document);

            try (MessageConsumer consumer = session.createConsumer(replies)) {
                Message reply = consumer.receive(PATIENCE_MILLIS);
                assertThat(reply).isInstanceOf(TextMessage.class);
                assertThat(((TextMessage) reply).getText()).contains("\"status\":\"COMPLETED\"");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"saga-ingest", "saga-ingest-dead", "activemq.notifications", "activemq.management"})
    void a_producer_reads_neither_documents_nor_dead_letters(String queue) throws Exception {
        as(BrokerClient.producer(saga.data()), session -> {
            assertThatThrownBy(() -> session.createConsumer(session.createQueue(queue)))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> session.createBrowser(session.createQueue(queue))
                            .getEnumeration()
                            .hasMoreElements())
                    .isInstanceOf(JMSException.class);
            assertThatThrownBy(() -> session.createConsumer(session.createTopic(queue)))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> session.createSharedDurableConsumer(session.createTopic(queue), "mine"))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> session.createConsumer(session.createQueue(queue + "::mine")))
                    .isInstanceOf(JMSException.class);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"saga-ingest-dead", "activemq.management", "activemq.notifications", "elsewhere"})
    void a_producer_sends_to_no_other_queue(String queue) throws Exception {
        as(
                BrokerClient.producer(saga.data()),
                session ->
                        assertThatThrownBy(() -> send(session, queue, "hello")).isInstanceOf(JMSException.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"#", "saga-ingest.#", "*", "saga-*"})
    void a_queue_on_a_pattern_gets_no_copies(String pattern) throws Exception {
        try (ServerLocator locator = BrokerClient.producer(saga.data()).getServerLocator();
                ClientSessionFactory factory = locator.createSessionFactory();
                ClientSession session = producer(factory)) {
            session.start();
            session.createQueue(QueueConfiguration.of("copy of " + pattern)
                    .setAddress(pattern)
                    .setRoutingType(RoutingType.ANYCAST)
                    .setDurable(false)
                    .setTemporary(true));
            as(BrokerClient.operator(saga.data()), ours -> send(ours, "saga-ingest-dead", "a secret"));

            assertThat(session.createConsumer("copy of " + pattern).receive(NOTHING_MILLIS))
                    .isNull();
        }
        as(BrokerClient.operator(saga.data()), ours -> {
            Message letter =
                    ours.createConsumer(ours.createQueue("saga-ingest-dead")).receive(PATIENCE_MILLIS);
            assertThat(((TextMessage) letter).getText()).isEqualTo("a secret");
        });
    }

    private ClientSession producer(ClientSessionFactory factory) throws Exception {
        var lines = Files.readAllLines(saga.data().resolve("broker.credentials"));
        return factory.createSession(lines.get(0), lines.get(1), false, true, true, false, 0);
    }

    private ClientSession operator(ClientSessionFactory factory) throws Exception {
        var lines = Files.readAllLines(saga.data().resolve("broker-operator.credentials"));
        return factory.createSession(lines.get(0), lines.get(1), false, true, true, false, 0);
    }

    @Test
    void no_account_can_send_management_messages() throws Exception {
        try (ServerLocator locator = BrokerClient.producer(saga.data()).getServerLocator();
                ClientSessionFactory factory = locator.createSessionFactory()) {
            for (ClientSession session : new ClientSession[] {producer(factory), operator(factory)}) {
                try (session) {
                    session.start();
                    // An ordinary message: only its address makes it a management message.
                    ClientMessage request = session.createMessage(false);
                    ManagementHelper.putOperationInvocation(request, "broker", "destroyQueue", "saga-ingest");
                    assertThatThrownBy(() -> {
                                try (ClientRequestor requestor = new ClientRequestor(session, "activemq.management")) {
                                    requestor.request(request, NOTHING_MILLIS);
                                }
                            })
                            .isInstanceOfSatisfying(
                                    ActiveMQException.class,
                                    e -> assertThat(e.getType()).isEqualTo(ActiveMQExceptionType.SECURITY_EXCEPTION));
                    assertThatThrownBy(() -> session.deleteQueue("saga-ingest"))
                            .isInstanceOfSatisfying(
                                    ActiveMQException.class,
                                    e -> assertThat(e.getType()).isEqualTo(ActiveMQExceptionType.SECURITY_EXCEPTION));
                }
            }
        }
    }

    /** Our account sends replies to any address that a message names, but not to this one. */
    @Test
    void a_reply_to_the_management_address_has_no_effect_and_the_next_document_is_ingested() throws Exception {
        as(BrokerClient.producer(saga.data()), session -> {
            Message evil = session.createTextMessage("{\"path\": \"/nowhere\"}");
            evil.setStringProperty("_AMQ_ResourceName", "broker");
            evil.setStringProperty("_AMQ_OperationName", "destroyQueue");
            evil.setJMSReplyTo(session.createQueue("activemq.management"));
            session.createProducer(session.createQueue("saga-ingest")).send(evil);
        });
        a_producer_sends_documents_and_gets_replies(true);
    }

    @Test
    void an_operator_reads_dead_letters() throws Exception {
        as(BrokerClient.operator(saga.data()), session -> {
            send(session, "saga-ingest-dead", "as an operator puts it back");
            assertThatCode(() -> session.createBrowser(session.createQueue("saga-ingest-dead"))
                            .getEnumeration()
                            .hasMoreElements())
                    .doesNotThrowAnyException();
            assertThat(session.createConsumer(session.createQueue("saga-ingest-dead"))
                            .receive(PATIENCE_MILLIS))
                    .isNotNull();
        });
    }

    /** A broker directory from before there were accounts, with a waiting message and its reply queue. */
    @Test
    void ingests_messages_that_wait_in_a_directory_from_before_the_accounts(@TempDir Path directory) throws Exception {
        Path folder = directory.resolve("data/broker");
        EmbeddedActiveMQ before = new EmbeddedActiveMQ();
        before.setConfiguration(new ConfigurationImpl()
                .setName("streaming-saga")
                .setSecurityEnabled(false)
                .setJMXManagementEnabled(false)
                .setJournalType(JournalType.NIO)
                .setJournalFileSize(1024 * 1024)
                .setJournalDirectory(folder.resolve("journal").toString())
                .setBindingsDirectory(folder.resolve("bindings").toString())
                .setLargeMessagesDirectory(folder.resolve("large").toString())
                .setPagingDirectory(folder.resolve("paging").toString())
                .addAcceptorConfiguration("vm", "vm://0")
                .addAddressSetting(
                        "#", new AddressSettings().setAutoDeleteQueues(false).setAutoDeleteAddresses(false)));
        before.start();
        try {
            as(new ActiveMQConnectionFactory("vm://0"), session -> {
                var document = session.createBytesMessage();
                document.setStringProperty("fileName", "before.txt");
                document.writeBytes("written before".getBytes());
                document.setJMSReplyTo(session.createQueue("answers"));
                session.createProducer(session.createQueue("saga-ingest")).send(document);
                send(session, "saga-ingest-dead", "an old one");
            });
        } finally {
            before.stop();
        }

        try (StreamingSagaFixture after = StreamingSagaFixture.start(
                directory.toRealPath(),
                new HashMap<>(
                        Map.of("saga.http.enabled", "false", "saga.jms.embedded", "true", "saga.participants", "")))) {
            as(BrokerClient.producer(after.data()), session -> {
                Message reply =
                        session.createConsumer(session.createQueue("answers")).receive(PATIENCE_MILLIS);
                assertThat(((TextMessage) reply).getText()).contains("before.txt", "\"status\":\"COMPLETED\"");
            });
            as(BrokerClient.operator(after.data()), session -> {
                Message letter = session.createConsumer(session.createQueue("saga-ingest-dead"))
                        .receive(PATIENCE_MILLIS);
                assertThat(((TextMessage) letter).getText()).isEqualTo("an old one");
            });
        }
    }

    @Test
    void no_secret_is_in_the_brokers_journal() throws Exception {
        String secret = Files.readAllLines(saga.data().resolve("broker-operator.credentials"))
                .get(1);
        try (Stream<Path> files = Files.walk(saga.data().resolve("broker"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1))
                        .doesNotContain(secret);
            }
        }
    }
}
