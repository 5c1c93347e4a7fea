package dev.streamingsaga.jms;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.intake.NoHeaders;
import dev.streamingsaga.intake.UploadSpool;
import jakarta.jms.ConnectionFactory;
import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.jms.JmsConfiguration;

/** The route of JMS ingestion, with a JMS component of its own. Add it after the bundle has started. */
public final class JmsRoutes extends RouteBuilder {
    private static final long SWEEP_SECONDS = 30;

    private final SagaConfig config;
    private final MessageIngestion messages;

    /**
     * @throws IllegalStateException if the registry has no suitable connection factory
     * @throws IOException if the spool folder cannot be created
     */
    public JmsRoutes(CamelContext context, JmsDependencies parts) throws IOException {
        super(context);
        this.config = parts.config();
        UploadSpool spool = new UploadSpool(config.messages(), config, parts.journal());
        spool.open();
        ScheduledExecutorService timer = context.getExecutorServiceManager()
                .newScheduledThreadPool(this, config.id("jms-timer"), 1);
        timer.scheduleWithFixedDelay(spool::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
        this.messages = new MessageIngestion(parts, spool, context);
        context.addComponent(config.id("jms"), component(connections(context)));
    }

    private ConnectionFactory connections(CamelContext context) {
        ConnectionFactory named = context.getRegistry()
                .lookupByNameAndType(config.id("jms-connections"), ConnectionFactory.class);
        ConnectionFactory found = named != null ? named
                : context.getRegistry().findSingleByType(ConnectionFactory.class);
        if (found == null) {
            throw new IllegalStateException("the registry has no jakarta.jms.ConnectionFactory named "
                    + config.id("jms-connections")
                    + " and not exactly one of another name; bind one, or set saga.jms.url or saga.jms.embedded");
        }
        return found;
    }

    /** Consumes the message and sends the reply in one session transaction. */
    private JmsComponent component(ConnectionFactory connections) {
        JmsConfiguration settings = new JmsConfiguration(connections);
        settings.setTransacted(true);
        settings.setLazyCreateTransactionManager(false);
        settings.setCacheLevelName("CACHE_CONSUMER");
        settings.setConcurrentConsumers(config.concurrency());
        settings.setMapJmsMessage(false);
        settings.setAcceptMessagesWhileStopping(false);
        JmsComponent component = new JmsComponent(settings);
        component.setHeaderFilterStrategy(new NoHeaders());
        return component;
    }

    @Override
    public void configure() {
        from(config.id("jms") + ":queue:" + config.jms().queue()).routeId(config.id("jms")).group("jms")
                .errorHandler(noErrorHandler())
                .description("ingests the document of a message, replies with the outcome; dead-letters bad messages")
                .process(messages::answer);
    }
}
