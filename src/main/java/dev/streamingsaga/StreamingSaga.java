package dev.streamingsaga;

import dev.streamingsaga.api.ApiDependencies;
import dev.streamingsaga.api.ApiRoutes;
import dev.streamingsaga.chunk.ChunkRoutes;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.ContentFactory;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.database.DatabaseSource;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.dropfolder.CompletedOriginals;
import dev.streamingsaga.dropfolder.DropFolderDependencies;
import dev.streamingsaga.dropfolder.DropFolderRoutes;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.ClaimCheck;
import dev.streamingsaga.intake.NoHeaders;
import dev.streamingsaga.jms.JmsDependencies;
import dev.streamingsaga.jms.JmsRoutes;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.lra.CallbackListener;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.lra.JournalSagaService;
import dev.streamingsaga.lra.LraSettings;
import dev.streamingsaga.observe.Observation;
import dev.streamingsaga.observe.ObservedComponents;
import dev.streamingsaga.ops.Reports;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.recovery.StorageAccess;
import dev.streamingsaga.saga.ErrorGuard;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.store.Stores;
import dev.streamingsaga.store.VectorSearch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.ServiceStatus;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.ExchangeHelper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The bundle: adds its routes to a Camel context and owns what they need. {@code direct:<name>-ingest} is the way in,
 * with the path of a file as body and an {@link IngestResult} as answer.
 *
 * <p>In a hub, {@code context.addRoutes(new StreamingSaga())} is all: the hub's properties and beans tell the rest, and
 * the bundle starts and stops with the context, as often as that does. It is bound as bean {@code <name>-bundle}.
 * Several instances live in one context under different names.
 *
 * <p>With servers given, the caller has it in hand: construct, {@code context.addRoutes(bundle)}, start the context,
 * {@link #start}; then {@link #drain}, stop the context, {@link #close}.
 */
public final class StreamingSaga implements RoutesBuilder, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamingSaga.class);

    /** For what is on its way to a store; below the time that a context gives its routes. */
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    private final String name;
    private final Optional<Hub.ResolvedResources> given;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final List<IngestionEndpoint> waysIn = new CopyOnWriteArrayList<>();
    private volatile StreamingSaga.@Nullable Components parts;

    /**
     * The servers that the configuration leaves open, embedded ones most often.
     *
     * @param coordinator whose LRAs are ours, and the secret it wants
     * @param s3 stays the caller's to close
     * @param exclusive this process holds the lock on the journal: unfinished sagas of other processes are taken over
     *     at once
     */
    public record Servers(CoordinatorAccess coordinator, S3Client s3, boolean exclusive) {}

    private record Components(
            Hub.ResolvedResources given,
            Journal journal,
            Runs runs,
            Stores stores,
            SagaEngine engine,
            Ingest ingest,
            Recovery recovery,
            CallbackListener callbacks,
            ProducerTemplate template,
            Orphans orphans,
            DocumentCheck check,
            Reports reports,
            Observation observation) {}

    /** Instance {@code saga} of a hub. */
    public StreamingSaga() {
        this("saga");
    }

    /**
     * An instance of a hub.
     *
     * @param name prefix of its properties, routes, endpoints, beans and object keys; 1-32 of a-z, 0-9 and -
     */
    public StreamingSaga(String name) {
        this.name = name;
        this.given = Optional.empty();
    }

    /** An instance whose settings and servers are the caller's affair, and starting and stopping it too. */
    public StreamingSaga(SagaConfig config, Servers servers) {
        this.name = config.name();
        this.given = Optional.of(
                new Hub.ResolvedResources(config, servers, DatabaseSource.configured(config), Optional.empty()));
    }

    public String name() {
        return name;
    }

    /**
     * In a hub that is not started yet, everything is opened when that starts; otherwise now.
     *
     * @throws ConfigException if something is missing or can't be used, all of it at once
     */
    @Override
    public void addRoutesToCamelContext(CamelContext context) throws Exception {
        if (given.isPresent()) {
            open(context);
            return;
        }
        bind(context);
        HubLifecycle lifecycle = new HubLifecycle(this);
        ServiceStatus status = context.getStatus();
        context.addLifecycleStrategy(lifecycle);
        if (status == null
                || !(status.isStarted() || status.isStarting() || status.isInitializing() || status.isInitialized())) {
            return;
        }
        open(context);
        if (status.isStarted()) {
            checkInHub();
            recover();
        } else {
            lifecycle.listen(context);
        }
    }

    private void bind(CamelContext context) {
        StreamingSaga there = context.getRegistry().lookupByNameAndType(HubBeans.bundle(name), StreamingSaga.class);
        if (there != null && there != this) {
            throw ConfigException.of("there is an instance " + name
                    + " in this context already: give this one a name, new StreamingSaga(\"name\")");
        }
        context.getRegistry().bind(HubBeans.bundle(name), StreamingSaga.class, this);
    }

    /** Routes are only ever added: an instance is closed and built anew instead. */
    @Override
    public Set<String> updateRoutesToCamelContext(CamelContext context) throws Exception {
        addRoutesToCamelContext(context);
        return Set.of();
    }

    /** The bundle has no route templates. */
    @Override
    public void addTemplatedRoutesToCamelContext(CamelContext context) {}

    /** Nothing happens if it is open. */
    void open(CamelContext context) throws Exception {
        if (parts != null) {
            return;
        }
        try (OwnRoutes routes = OwnRoutes.watch(context, name)) {
            if (given.isEmpty()) {
                // A registry forgets with each stop of its context.
                bind(context);
                open.push(routes::remove);
            }
            addParts(context, given.orElseGet(() -> Hub.resolve(context, name)));
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    private void addParts(CamelContext context, Hub.ResolvedResources given) throws Exception {
        SagaConfig config = given.config();
        Servers servers = given.servers();
        given.ownClient().ifPresent(this::closeLater);
        ErrorGuard.addTo(context);
        if (this.given.isEmpty()) {
            closeLater(DataDirectory.lockInHub(config));
        }
        Databases.OpenDatabase database = closeLater(given.databases().open("journal"));
        Journal journal = new Journal(
                database.dataSource(),
                Clock.systemUTC(),
                node(),
                config.recovery().lease());
        Runs runs = new Runs(journal);
        DocumentContent content = closeLater(ContentFactory.open(config));
        Stores stores = closeLater(Stores.open(config, context, content, given.databases()));
        Reports reports = new Reports(config, journal, context);
        CallbackToken tokens =
                CallbackToken.open(config.dataDir(), config.callback().secret());
        SagaEngine engine = closeLater(new SagaEngine(config, context, runs, journal, tokens, reports));
        CallbackListener callbacks = closeLater(CallbackListener.start(
                config.callback(), config.dataDir(), servers.coordinator().scope(), engine));
        JournalSagaService service =
                new JournalSagaService(LraSettings.of(config, servers.coordinator(), callbacks.uri()));
        open.push(service::release);
        service.setCamelContext(context);
        bindForRoutes(context, config);
        Ingest ingest = new Ingest(config, journal, runs, content, engine);
        Recovery recovery = closeLater(new Recovery(config, context, journal, runs, engine, service));
        open.push(() -> context.getRegistry().unbind(config.id("s3-client")));
        context.addRoutes(new ChunkRoutes(config, servers.s3(), journal::epoch));
        context.addRoutes(engine.routes(service, ingest::validate, ingest::start));
        context.addRoutes(ingest.routes());
        StorageAccess holdings = new StorageAccess(
                config, context, journal, servers.s3(), content, document -> CompletedOriginals.of(config, document));
        parts = new StreamingSaga.Components(
                given,
                journal,
                runs,
                stores,
                engine,
                ingest,
                recovery,
                callbacks,
                context.createProducerTemplate(),
                closeLater(new Orphans(holdings)),
                closeLater(new DocumentCheck(holdings)),
                reports,
                closeLater(new Observation(new ObservedComponents(
                        context,
                        config,
                        journal,
                        reports::unwritten,
                        callbacks::refused,
                        checks(given, journal, stores, callbacks, service)))));
    }

    /** What routes in YAML may use that listen to a broker of any kind. */
    private void bindForRoutes(CamelContext context, SagaConfig config) {
        Map<String, Object> beans = Map.of(
                config.id("claim-check"),
                new ClaimCheck("saga.claim-check.roots", config.source().claimRoots()),
                config.id("no-headers"),
                new NoHeaders());
        beans.forEach((bean, value) -> {
            context.getRegistry().bind(bean, value);
            open.push(() -> context.getRegistry().unbind(bean));
        });
    }

    private static Map<String, Runnable> checks(
            Hub.ResolvedResources given,
            Journal journal,
            Stores stores,
            CallbackListener callbacks,
            JournalSagaService service) {
        Map<String, Runnable> checks = new LinkedHashMap<>();
        checks.put("coordinator", service::ping);
        checks.put("callback", callbacks::selfCheck);
        checks.put("bucket", new ChunkStore(given.config(), given.servers().s3())::pingAccess);
        checks.put("journal", journal::figures);
        checks.putAll(stores.checks());
        return checks;
    }

    private <T extends AutoCloseable> T closeLater(T part) {
        open.push(part);
        return part;
    }

    private static String node() {
        return ProcessHandle.current().pid() + "-" + dev.streamingsaga.journal.Ids.next();
    }

    /**
     * After the context has started: checks that every participant has its routes and that the coordinator's calls
     * reach us.
     */
    public void check() {
        parts().engine().requireRoutes();
        parts().callbacks().selfCheck();
    }

    /** A hub starts whether its servers are there or not: a saga that needs the bucket says so then. */
    void checkInHub() {
        check();
        SagaConfig config = parts().given().config();
        try {
            new ChunkStore(config, parts().given().servers().s3()).ensureBucket();
        } catch (SdkException e) {
            LOG.warn(
                    "bucket {} of instance {} can't be used yet ({}); sagas are compensated until it can",
                    config.s3().bucket(),
                    name,
                    e.getMessage());
        }
    }

    /** Checks, then takes up what a dead process left and looks after sagas from now on. */
    public void start() {
        check();
        recover();
    }

    void recover() {
        // A process that died between an outcome and its reports has journaled what they must say.
        parts().reports().start(parts().given().servers().exclusive());
        parts().recovery().start(parts().given().servers().exclusive());
    }

    /**
     * The first thing of an orderly stop, while routes and servers are still there: nothing is taken in any more, and
     * running sagas are left, not undone. In a hub the context does it.
     */
    public void drain() {
        StreamingSaga.Components open = parts;
        if (open != null) {
            waysIn.forEach(IngestionEndpoint::suspend);
            open.recovery().drain();
            open.runs().drain(STOP_WITHIN);
        }
    }

    /** Runs one saga and waits for its outcome, which it returns whatever {@code saga.hub.fail-on} says. */
    public IngestResult ingest(Path file) {
        Exchange answer = parts().template().request(parts().given().config().direct("ingest"), call -> {
            call.getMessage().setBody(file);
            call.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
        });
        return (IngestResult) ExchangeHelper.extractResultBody(answer, ExchangePattern.InOut);
    }

    /**
     * The HTTP API and the page, for the HTTP server that the context's {@code platform-http} component finds: to be
     * added to the context with {@code addRoutes}, and closed before it stops. Never added unless asked for, and gone
     * when the context has stopped: to be asked for again when it is started again.
     *
     * @throws IOException if the spool folder cannot be made
     */
    public ApiRoutes http(CamelContext context) throws IOException {
        StreamingSaga.Components p = parts();
        p.observation().serve();
        SagaConfig config = p.given().config();
        return addEndpoint(
                context,
                new ApiRoutes(
                        context,
                        new ApiDependencies(
                                config,
                                p.journal(),
                                p.runs(),
                                p.ingest(),
                                p.engine(),
                                new ChunkStore(config, p.given().servers().s3()),
                                p.stores().search(),
                                p.observation())));
    }

    /**
     * The drop folder {@code saga.drop.dir}: to be added with {@code addRoutes} after {@link #start}, each time the
     * context starts. Never added unless asked for.
     *
     * @throws IllegalStateException if {@code saga.drop.dir} is not set
     * @throws IOException if the folder can't be made
     */
    public DropFolderRoutes dropFolder(CamelContext context) throws IOException {
        return addEndpoint(
                context,
                new DropFolderRoutes(
                        context,
                        new DropFolderDependencies(
                                parts().given().config(), parts().journal(), parts().ingest(), parts().reports())));
    }

    /**
     * Documents as messages: to be added with {@code addRoutes} after {@link #start}, each time the context starts.
     * Never added unless asked for.
     *
     * @throws IllegalStateException if the registry has no connection factory {@code <name>-jms-connections}, nor just
     *     one of any name
     * @throws IOException if the spool folder cannot be made
     */
    public JmsRoutes jms(CamelContext context) throws IOException {
        return addEndpoint(
                context,
                new JmsRoutes(
                        context, new JmsDependencies(parts().given().config(), parts().journal(), parts().ingest())));
    }

    private <R extends RouteBuilder> R addEndpoint(CamelContext context, R routes) {
        IngestionEndpoint wayIn = new IngestionEndpoint(context, routes);
        waysIn.add(wayIn);
        if (given.isEmpty()) {
            open.push(wayIn::remove);
        }
        return routes;
    }

    public Journal journal() {
        return parts().journal();
    }

    public Runs runs() {
        return parts().runs();
    }

    public Ingest ingest() {
        return parts().ingest();
    }

    public SagaEngine engine() {
        return parts().engine();
    }

    public Recovery recovery() {
        return parts().recovery();
    }

    /** Stored data that no saga in the journal owns. */
    public Orphans orphans() {
        return parts().orphans();
    }

    /** Compares completed documents with the journal, and repairs them. */
    public DocumentCheck documentCheck() {
        return parts().check();
    }

    /** Empty if the vector store is no participant. */
    public Optional<VectorSearch> search() {
        return parts().stores().search();
    }

    private StreamingSaga.Components parts() {
        StreamingSaga.Components added = parts;
        if (added == null) {
            throw new IllegalStateException(
                    "instance " + name
                            + " is not open: it is added with context.addRoutes(bundle), and open while that context is started");
        }
        return added;
    }

    /** In a hub the context does it. Closing twice is harmless. */
    @Override
    public void close() {
        parts = null;
        waysIn.clear();
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LOG.warn("closing a part failed: {}", e.toString());
            }
        }
    }
}
