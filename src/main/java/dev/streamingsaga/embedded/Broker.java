package dev.streamingsaga.embedded;

import dev.streamingsaga.config.EndpointConfig.Jms;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.lra.PersistentPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQIllegalStateException;
import org.apache.activemq.artemis.api.core.ICoreMessage;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker of the stand-alone application: an external Artemis broker, or an embedded one. The embedded broker is
 * durable in {@code DATA/broker}, listens on loopback only, and accepts only the accounts of {@link BrokerAccess}.
 */
final class Broker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);
    private static final String LOOPBACK = "127.0.0.1";
    private static final int JOURNAL_FILE_BYTES = 1024 * 1024;
    private static final long MAX_IN_MEMORY_BYTES = 16L * 1024 * 1024;
    private static final long MAX_BUFFERED_BYTES = 8L * 1024 * 1024;

    private final String url;
    private final Optional<EmbeddedActiveMQ> server;

    private Broker(String url, Optional<EmbeddedActiveMQ> server) {
        this.url = url;
        this.server = server;
    }

    /** Starts the broker if it is embedded, and binds a connection factory in the registry. */
    static Broker open(SagaConfig config, CamelContext context) throws IOException {
        Jms jms = config.endpoints().jms();
        Optional<EmbeddedActiveMQ> server = Optional.empty();
        String url = jms.url();
        Credentials user = new Credentials(jms.user(), jms.password());
        if (jms.embedded()) {
            int port = port(config);
            url = "tcp://" + LOOPBACK + ":" + port;
            BrokerAccess access = BrokerAccess.in(config.dataDir());
            server = Optional.of(startEmbedded(config, url, access));
            user = access.operator();
            LOG.info("broker on {}, queue {}", url, jms.queue());
        }
        ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(url, user.name(), user.secret());
        // No prefetch: a message that waits for its saga must not hold others back from idle consumers.
        connections.setConsumerWindowSize(0);
        context.getRegistry().bind(config.id("jms-connections"), connections);
        return new Broker(url, server);
    }

    private static int port(SagaConfig config) throws IOException {
        int port = config.endpoints().jms().port();
        if (port == 0) {
            return PersistentPort.open(config.dataDir().resolve("broker.port"), "broker", Broker::requireFree)
                    .port();
        }
        try {
            return requireFree(port);
        } catch (IOException e) {
            // The broker itself would start without listening.
            throw new IOException(
                    "the embedded broker cannot listen on " + LOOPBACK + ":" + port + " (saga.jms.port): "
                            + e.getMessage() + "; nothing was started",
                    e);
        }
    }

    private static int requireFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(LOOPBACK))) {
            return socket.getLocalPort();
        }
    }

    private static EmbeddedActiveMQ startEmbedded(SagaConfig config, String url, BrokerAccess access)
            throws IOException {
        Path folder = Permissions.folder(config.dataDir().resolve("broker"));
        EmbeddedActiveMQ server = new EmbeddedActiveMQ();
        server.setSecurityManager(access.accounts());
        try {
            Configuration settings = new ConfigurationImpl()
                    .setName("streaming-saga")
                    .setPersistenceEnabled(true)
                    .setJMXManagementEnabled(false)
                    .setJournalType(JournalType.NIO)
                    .setJournalFileSize(JOURNAL_FILE_BYTES)
                    .setJournalDirectory(folder.resolve("journal").toString())
                    .setBindingsDirectory(folder.resolve("bindings").toString())
                    .setLargeMessagesDirectory(folder.resolve("large").toString())
                    .setPagingDirectory(folder.resolve("paging").toString())
                    .setGlobalMaxSize(4 * MAX_IN_MEMORY_BYTES)
                    .setMaxDiskUsage(98)
                    .addAcceptorConfiguration("loopback", url + "?protocols=CORE")
                    .addAddressSetting(
                            "#", addressSettings(config.endpoints().jms().deadLetterQueue()))
                    // Producers may not create queues.
                    .addQueueConfiguration(queue(config.endpoints().jms().queue()))
                    .addQueueConfiguration(queue(config.endpoints().jms().deadLetterQueue()));
            access.grant(settings, config.endpoints().jms());
            settings.registerBrokerPlugin(new LargeMessageLimit());
            server.setConfiguration(settings).start();
            return server;
        } catch (Exception e) {
            throw new IOException(
                    "the embedded broker cannot start on " + url + " in " + folder + ": " + e.getMessage(), e);
        }
    }

    private static QueueConfiguration queue(String name) {
        return QueueConfiguration.of(name)
                .setAddress(name)
                .setRoutingType(RoutingType.ANYCAST)
                .setDurable(true);
    }

    /** Redelivers without a limit: the route moves invalid messages aside, and all other failures are temporary. */
    private static AddressSettings addressSettings(String deadLetterQueue) {
        return new AddressSettings()
                .setDeadLetterAddress(SimpleString.of(deadLetterQueue))
                .setExpiryAddress(SimpleString.of(deadLetterQueue))
                .setMaxSizeBytes(MAX_IN_MEMORY_BYTES)
                .setMaxDeliveryAttempts(-1)
                .setRedeliveryDelay(Duration.ofSeconds(5).toMillis())
                .setRedeliveryMultiplier(2)
                .setMaxRedeliveryDelay(Duration.ofMinutes(5).toMillis())
                .setAutoDeleteQueues(false)
                .setAutoDeleteAddresses(false);
    }

    /**
     * Refuses large messages except bytes messages: the client streams those, but would load any other body into
     * memory.
     */
    private static final class LargeMessageLimit implements ActiveMQServerMessagePlugin {
        @Override
        public void beforeSend(
                ServerSession session,
                Transaction transaction,
                Message message,
                boolean direct,
                boolean noAutoCreateQueue)
                throws ActiveMQException {
            if (message instanceof ICoreMessage body
                    && body.getType() != Message.BYTES_TYPE
                    && body.getPersistentSize() > MAX_BUFFERED_BYTES) {
                throw new ActiveMQIllegalStateException("only bytes messages may have more than " + MAX_BUFFERED_BYTES
                        + " bytes; this message of another type has " + body.getPersistentSize()
                        + "; it was refused. Send a document as a bytes message with the property fileName");
            }
        }
    }

    String url() {
        return url;
    }

    @Override
    public void close() throws Exception {
        if (server.isPresent()) {
            server.get().stop();
        }
    }
}
