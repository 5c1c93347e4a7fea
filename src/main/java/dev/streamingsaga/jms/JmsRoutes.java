package dev.streamingsaga.jms;

import static dev.streamingsaga.config.RouteNames.RESUME;

import dev.streamingsaga.config.EndpointConfig.Staging;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.intake.ClaimCheck;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.NoHeaders;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.saga.ErrorGuard;
import jakarta.jms.BytesMessage;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.jms.JmsConfiguration;

/** The routes of JMS ingestion, with a JMS component of their own. Add them after the bundle has started. */
public final class JmsRoutes extends RouteBuilder {
    private static final long SWEEP_SECONDS = 30;

    /** What the journal records as the sender of a body. */
    static final String SENDER = "jms:";

    private final SagaConfig config;
    private final MessageIdentity identity;
    private final EarlierSaga earlier;
    private final ClaimedFile file;
    private final SpooledBody body;
    private final StagedBody staged;
    private final DeadLetters deadLetters;
    private final RedeliveredMessage redelivered;
    private final Replies replies = new Replies();

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
        this.file = new ClaimedFile(new ClaimCheck("saga.jms.roots", config.endpoints().jms().roots()));
        this.identity = new MessageIdentity(
                config.endpoints().jms().queue(), config.documents().security().label());
        this.body = new SpooledBody(spool, identity);
        this.earlier = new EarlierSaga(parts.journal(), parts.ingest(), body);
        this.staged = new StagedBody(parts.uploads(), identity);
        MessageCopy copies = new MessageCopy(spool);
        this.deadLetters = new DeadLetters(config.endpoints().jms().deadLetterQueue(), copies);
        this.redelivered = new RedeliveredMessage(
                parts.journal(), config.endpoints().jms().queue(), copies, deadLetters);
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

    /** Consumes messages in session transactions; {@link Replies} sends the replies in them. */
    private JmsComponent component(ConnectionFactory connections) {
        JmsConfiguration settings = new JmsConfiguration(connections);
        settings.setTransacted(true);
        settings.setLazyCreateTransactionManager(false);
        settings.setCacheLevelName("CACHE_CONSUMER");
        settings.setConcurrentConsumers(config.concurrency());
        settings.setMapJmsMessage(false);
        settings.setDisableReplyTo(true);
        settings.setAcceptMessagesWhileStopping(false);
        JmsComponent component = new JmsComponent(settings);
        component.setHeaderFilterStrategy(new NoHeaders());
        return component;
    }

    private String bodies() {
        return config.endpoints().jms().staging() == Staging.BUCKET ? "jms-staged" : "jms-body";
    }

    @Override
    public void configure() {
        from(config.id("jms") + ":queue:" + config.endpoints().jms().queue()).routeId(config.id("jms")).group("jms")
                .errorHandler(noErrorHandler())
                .description("ingests the document of a message, replies with the outcome; dead-letters bad messages")
                .process(ErrorGuard::mark)
                .process(replies::remember)
                .process(redelivered::remember)
                .doTry()
                    .process(identity::set)
                    .process(earlier::findByMessageId)
                    .choice()
                        .when(earlier::needsSpooledBody).to(config.direct("jms-body"))
                        .when(earlier::isFound).process(earlier::await).process(redelivered::schedule)
                        .when(body().isInstanceOf(TextMessage.class)).to(config.direct("jms-file"))
                        .when(body().isInstanceOf(BytesMessage.class)).to(config.direct(bodies()))
                        .otherwise().process(Refusal.ofType())
                    .end()
                    .convertBodyTo(String.class)
                .endDoTry()
                .doCatch(DocumentRefusedException.class).onWhen(Refusal::isPermanent)
                    .process(deadLetters::put)
                    .process(Refusal::reply)
                .end()
                .filter(exchange -> !RedeliveredMessage.isScheduled(exchange))
                    .process(replies::send)
                .end();

        from(config.direct("jms-file")).routeId(config.id("jms-file")).group("jms")
                .errorHandler(noErrorHandler())
                .description("a text message: ingests the file that it names")
                .process(file::resolve)
                .process(earlier::findByFile)
                .to(config.direct("jms-ingest"));

        from(config.direct("jms-body")).routeId(config.id("jms-body")).group("jms")
                .errorHandler(noErrorHandler())
                .description("a bytes message: ingests its body, which stays in the spool while its saga needs it")
                .doTry()
                    .process(body::receive)
                    .process(earlier::findBySourceKey)
                    .filter(exchange -> !earlier.isEnded(exchange))
                        .process(body::claim)
                        .setProperty(Ingest.SENDER, constant(SENDER))
                    .end()
                    .to(config.direct("jms-ingest"))
                .endDoTry()
                .doFinally()
                    .process(body::release)
                .end();

        from(config.direct("jms-staged")).routeId(config.id("jms-staged")).group("jms")
                .errorHandler(noErrorHandler())
                .description("a bytes message: sends its body straight to the bucket, then runs its saga; schedules the"
                        + " message if its document is delivered again")
                .process(staged::receive)
                .choice()
                    .when(earlier::isFound).process(earlier::await)
                    .otherwise()
                        .setProperty(Ingest.FAIL_ON, constant(FailOn.NEVER))
                        .to(config.direct(RESUME))
                .end()
                .process(redelivered::schedule);

        from(config.direct("jms-ingest")).routeId(config.id("jms-ingest")).group("jms")
                .errorHandler(noErrorHandler())
                .description("ingests a file, or waits for the saga that an earlier delivery of its message started;"
                        + " schedules the message if its document is delivered again")
                .choice()
                    .when(earlier::isFound).process(earlier::await)
                    .otherwise()
                        .setProperty(Ingest.FAIL_ON, constant(FailOn.NEVER))
                        .to(config.direct("ingest"))
                .end()
                .process(redelivered::schedule);
    }
}
