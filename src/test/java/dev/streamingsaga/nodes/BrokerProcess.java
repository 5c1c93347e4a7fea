package dev.streamingsaga.nodes;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** Artemis with the settings that docs/messages.md asks for, as a process of its own or in the JVM of a test. */
final class BrokerProcess {
    static final String QUEUE = "saga-ingest";
    static final String DEAD = "saga-ingest-dead";
    static final String REPLIES = "replies";

    /** No message for so long: there are no more. */
    private static final long LAST_MILLIS = 2000;

    private BrokerProcess() {}

    /** Arguments: URL, folder. */
    public static void main(String[] args) throws Exception {
        EmbeddedActiveMQ broker = start(args[0], Path.of(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                broker.stop();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }));
        new CountDownLatch(1).await();
    }

    static EmbeddedActiveMQ start(String url, Path folder) throws Exception {
        EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
        Configuration settings = new ConfigurationImpl()
                .setSecurityEnabled(false)
                .setPersistenceEnabled(true)
                .setJMXManagementEnabled(false)
                .setJournalType(JournalType.NIO)
                .setJournalDirectory(folder.resolve("journal").toString())
                .setBindingsDirectory(folder.resolve("bindings").toString())
                .setLargeMessagesDirectory(folder.resolve("large").toString())
                .setPagingDirectory(folder.resolve("paging").toString())
                .setMaxDiskUsage(99)
                .addAcceptorConfiguration("nodes", url + "?protocols=CORE")
                .addAddressSetting(
                        "#",
                        new AddressSettings()
                                .setDeadLetterAddress(SimpleString.of(DEAD))
                                .setMaxDeliveryAttempts(-1)
                                .setRedeliveryDelay(5000));
        for (String queue : new String[] {QUEUE, DEAD, REPLIES}) {
            settings.addQueueConfiguration(QueueConfiguration.of(queue)
                    .setAddress(queue)
                    .setRoutingType(RoutingType.ANYCAST)
                    .setDurable(true));
        }
        broker.setConfiguration(settings).start();
        return broker;
    }

    /** Takes all messages from a queue; of a text message its text. */
    static List<String> receiveAll(String url, String queue) {
        List<String> texts = new ArrayList<>();
        try (ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(url);
                Connection connection = connections.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            connection.start();
            for (Message next = consumer.receive(LAST_MILLIS); next != null; next = consumer.receive(LAST_MILLIS)) {
                texts.add(next instanceof TextMessage text ? text.getText() : next.toString());
            }
            return texts;
        } catch (JMSException e) {
            throw new IllegalStateException("cannot read queue " + queue + ": " + e.getMessage(), e);
        }
    }
}
