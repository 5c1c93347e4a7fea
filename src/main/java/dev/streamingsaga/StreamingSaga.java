package dev.streamingsaga;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.api.ApiDependencies;
import dev.streamingsaga.api.ApiRoutes;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditLog;
import dev.streamingsaga.chunk.ChunkRoutes;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.VerifiedSources;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.JournalRetentionConfig;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SettingsSummary;
import dev.streamingsaga.config.SharedSettings;
import dev.streamingsaga.content.ContentFactory;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.database.DatabaseSource;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.deletion.Deletions;
import dev.streamingsaga.deletion.KeyDestruction;
import dev.streamingsaga.dropfolder.CompletedOriginals;
import dev.streamingsaga.dropfolder.DropFolderDependencies;
import dev.streamingsaga.dropfolder.DropFolderRoutes;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.encryption.KeyException;
import dev.streamingsaga.extraction.Isolations;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.intake.ClaimCheck;
import dev.streamingsaga.intake.NoHeaders;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.jms.JmsDependencies;
import dev.streamingsaga.jms.JmsRoutes;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NodeName;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.lra.CallbackListener;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.lra.JournalSagaService;
import dev.streamingsaga.lra.LraSettings;
import dev.streamingsaga.observe.Observation;
import dev.streamingsaga.observe.ObservedComponents;
import dev.streamingsaga.operations.DocumentManifests;
import dev.streamingsaga.operations.Drain;
import dev.streamingsaga.operations.OperatorComponents;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.StorageConnections;
import dev.streamingsaga.ops.Reports;
import dev.streamingsaga.outage.Dependency;
import dev.streamingsaga.outage.Outages;
import dev.streamingsaga.outage.Patience;
import dev.streamingsaga.receipt.Receipts;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.recovery.RecoveryDependencies;
import dev.streamingsaga.recovery.StorageAccess;
import dev.streamingsaga.retention.AuditRetention;
import dev.streamingsaga.retention.DocumentRetention;
import dev.streamingsaga.retention.JournalRetention;
import dev.streamingsaga.retention.Retention;
import dev.streamingsaga.retention.RetentionRule;
import dev.streamingsaga.saga.EngineDependencies;
import dev.streamingsaga.saga.ErrorGuard;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.SourceHost;
import dev.streamingsaga.store.Stores;
import dev.streamingsaga.store.VectorSearch;
import dev.streamingsaga.upload.Uploads;
import dev.streamingsaga.upload.Uploads.UploadDependencies;
import java.io.IOException;
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
import org.apache.camel.RoutesBuilder;
import org.apache.camel.ServiceStatus;
import org.apache.camel.builder.RouteBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The bundle: adds its routes to a Camel context and owns the resources they use. {@code direct:<name>-ingest} stores a
 * file: the body is its path, the reply an {@link dev.streamingsaga.ingest.IngestResult}. {@link #operator} lists,
 * pauses, verifies and so on.
 *
 * <p>In a hub, {@code context.addRoutes(new StreamingSaga())} is all: the hub's properties and beans configure the
 * instance, which starts and stops with the context, any number of times. It is bound as bean {@code <name>-bundle}.
 * Several instances live in one context under different names.
 *
 * <p>With {@link Servers}, the caller controls the life cycle: construct, {@code context.addRoutes(bundle)}, start the
 * context, {@link #start}; then {@link #drain}, stop the context, {@link #close}.
 */
public final class StreamingSaga implements RoutesBuilder, AutoCloseable {
    /** Also of documents that were encrypted before encryption was switched off. */
    private static KeyDestruction keyDestruction(Journal journal) {
        return sagaId -> {
            journal.keys().destroy(sagaId);
            return journal.keys().find(sagaId).isPresent();
        };
    }

    private static final Logger LOG = LoggerFactory.getLogger(StreamingSaga.class);

    /** Between two probes of a dependency that is down. */
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(2);

    private final String name;
    private final Optional<HubResolver.ResolvedResources> explicitResources;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final List<IngestionEndpoint> endpoints = new CopyOnWriteArrayList<>();
    private volatile StreamingSaga.@Nullable Components components;
    private volatile boolean draining;
    private volatile boolean recorded;

    /**
     * Servers that the caller provides, such as embedded ones.
     *
     * @param coordinator where the LRA coordinator is, and the secret it requires
     * @param s3 closed by the caller
     * @param exclusive whether this process holds the lock on the journal and takes over unfinished sagas of other
     *     processes at once
     */
    @Internal
    public record Servers(CoordinatorAccess coordinator, S3Client s3, boolean exclusive) {}

    record Components(
            HubResolver.ResolvedResources resources,
            OperatorComponents parts,
            SagaOperator operator,
            CallbackListener callbacks,
            Reports reports,
            Receipts receipts,
            Uploads uploads,
            Optional<DocumentEncryption> encryption,
            Runnable requireCoordinator,
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
        this.explicitResources = Optional.empty();
    }

    /** An instance whose settings, servers and life cycle the caller controls. */
    @Internal
    public StreamingSaga(SagaConfig config, Servers servers) {
        this.name = config.name();
        this.explicitResources = Optional.of(new HubResolver.ResolvedResources(
                config, servers, DatabaseSource.configured(config), Optional.empty()));
    }

    public String name() {
        return name;
    }

    /**
     * Opens the instance now, or when the hub's context starts if it has not started yet.
     *
     * @throws ConfigException naming every missing or unusable resource
     */
    @Override
    public void addRoutesToCamelContext(CamelContext context) throws Exception {
        if (explicitResources.isPresent()) {
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
        StreamingSaga registered =
                context.getRegistry().lookupByNameAndType(HubBeans.bundle(name), StreamingSaga.class);
        if (registered != null && registered != this) {
            throw ConfigException.of("the context already has an instance " + name
                    + ": give this one another name, new StreamingSaga(\"name\")");
        }
        context.getRegistry().bind(HubBeans.bundle(name), StreamingSaga.class, this);
    }

    /** Adds the routes; does not update existing ones. To change an instance, close it and create a new one. */
    @Override
    public Set<String> updateRoutesToCamelContext(CamelContext context) throws Exception {
        addRoutesToCamelContext(context);
        return Set.of();
    }

    /** The bundle has no route templates. */
    @Override
    public void addTemplatedRoutesToCamelContext(CamelContext context) {}

    /** Does nothing if the instance is open. */
    void open(CamelContext context) throws Exception {
        if (components != null) {
            return;
        }
        try (OwnRoutes routes = OwnRoutes.watch(context, name)) {
            if (explicitResources.isEmpty()) {
                // A registry drops its beans each time its context stops.
                bind(context);
                open.push(routes::remove);
            }
            addComponents(context, explicitResources.orElseGet(() -> HubResolver.resolve(context, name)));
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    private void addComponents(CamelContext context, HubResolver.ResolvedResources resources) throws Exception {
        SagaConfig config = resources.config();
        Servers servers = resources.servers();
        resources.ownClient().ifPresent(this::closeLater);
        closeLater(ErrorGuard.addTo(context, name));
        if (explicitResources.isEmpty()) {
            closeLater(DataDirectory.lockInHub(config));
        }
        Databases.OpenDatabase database = closeLater(resources.databases().open("journal"));
        String node = NodeName.unique(config.operation().node().name());
        LOG.info("instance {} is node {}", name, node);
        Journal journal = new Journal(
                database.dataSource(),
                Clock.systemUTC(),
                node,
                config.operation().recovery().lease());
        Runs runs = new Runs(journal);
        Optional<DocumentEncryption> encryption =
                DocumentEncryption.open(config.servers().encryption(), journal);
        encryption.ifPresent(this::closeLater);
        Sealing sealing = Sealing.open(config.documents().chunk().storedAs(), encryption.map(DocumentEncryption::keys));
        DocumentContent content =
                closeLater(ContentFactory.open(config, () -> Isolations.open(config, explicitResources.isPresent())));
        Stores stores = closeLater(Stores.open(
                config,
                context,
                content,
                new VerifiedSources(config, servers.s3(), sealing)::of,
                resources.databases()));
        stores.startVectorIndexes();
        Reports reports = closeLater(new Reports(config, journal, context));
        journal.redeliveries().configure(config.operation().redelivery(), reports::redeliveryGivenUp);
        CallbackToken tokens =
                CallbackToken.open(config.dataDir(), config.servers().callback().secret());
        Outages outages = closeLater(new Outages(config.id("outages"), PROBE_INTERVAL, journal.clock()));
        Patience patience = new Patience(config.operation().patience(), outages, journal.clock());
        Receipts receipts = closeLater(Receipts.open(
                config,
                journal,
                new ChunkStore(config, servers.s3()),
                () -> content.embedder().modelId()));
        SagaEngine engine = closeLater(
                new SagaEngine(config, context, new EngineDependencies(runs, tokens, reports, patience, receipts)));
        CallbackListener callbacks = closeLater(CallbackListener.start(
                config.servers().callback(),
                config.dataDir(),
                servers.coordinator().scope(),
                engine));
        JournalSagaService service =
                new JournalSagaService(LraSettings.of(config, servers.coordinator(), callbacks.uri()), patience);
        open.push(service::release);
        service.setCamelContext(context);
        outages.addListener(down -> accept(down.isEmpty()));
        outages.addListener(reports::outagesChanged);
        outages.watch(Dependency.COORDINATOR, service::ping);
        outages.watch(Dependency.BUCKET, new ChunkStore(config, servers.s3())::pingAccess);
        outages.watch(Dependency.DATABASE, () -> {
            journal.epoch();
            stores.checks().values().forEach(Runnable::run);
        });
        encryption.ifPresent(
                keys -> keys.openRotation(new DocumentManifests(journal, new ChunkStore(config, servers.s3()))));
        encryption.ifPresent(keys -> outages.watch(Dependency.KEY_SERVICE, keys::check));
        bindForRoutes(context, config);
        journal.registration().completeKeys();
        SourceHost host = SourceHost.open(config);
        Ingest ingest = new Ingest(config, runs, content, engine, host);
        Deletions deletions = closeLater(new Deletions(config, context, engine, journal, keyDestruction(journal)));
        Recovery recovery = closeLater(new Recovery(
                config, context, new RecoveryDependencies(runs, engine, service, host, reports, outages, deletions)));
        Retention retention =
                closeLater(new Retention(config, context, journal, retentionRules(config, journal, deletions)));
        open.push(() -> context.getRegistry().unbind(config.id("s3-client")));
        context.addRoutes(new ChunkRoutes(config, servers.s3(), sealing, journal::knownEpoch));
        context.addRoutes(engine.routes(service, ingest::validate, ingest::start));
        context.addRoutes(ingest.routes());
        StorageAccess storage = new StorageAccess(
                config,
                context,
                journal,
                servers.s3(),
                sealing,
                content,
                document -> CompletedOriginals.of(config, document));
        OperatorComponents parts = new OperatorComponents(
                config,
                journal,
                runs,
                ingest,
                engine,
                recovery,
                deletions,
                retention,
                context.createProducerTemplate(),
                outages,
                new OpenStorage(
                        new ChunkStore(config, servers.s3(), sealing),
                        stores.search(),
                        closeLater(new Orphans(storage)),
                        closeLater(new DocumentCheck(storage))),
                new Drain(new Drain.DrainParts(
                        config.id("drain"),
                        this::refuseWork,
                        runs,
                        engine,
                        recovery,
                        config.operation().node().drainTimeout())),
                encryption);
        components = new Components(
                resources,
                parts,
                new SagaOperator(parts, Access.HUB),
                callbacks,
                reports,
                receipts,
                closeLater(new Uploads(
                        context, new UploadDependencies(config, runs, engine, content, servers.s3(), sealing))),
                encryption,
                () -> requireCoordinator(config, service, callbacks),
                closeLater(new Observation(new ObservedComponents(
                        context,
                        config,
                        journal,
                        reports::unwritten,
                        callbacks::refused,
                        checks(resources, journal, stores, callbacks, service, encryption, content)))));
    }

    /** In the order in which they are applied. */
    private static List<RetentionRule> retentionRules(SagaConfig config, Journal journal, Deletions deletions) {
        JournalRetentionConfig periods = config.operation().retention();
        return List.of(
                new DocumentRetention(
                        journal,
                        deletions,
                        periods.documents(),
                        config.operation().compensation().stepTimeout()),
                new JournalRetention(journal, config.dataDir(), periods.journal()),
                new AuditRetention(journal, config.dataDir(), periods.audit()));
    }

    private record OpenStorage(
            ChunkStore bucket, Optional<VectorSearch> search, Orphans orphans, DocumentCheck documentCheck)
            implements StorageConnections {}

    /** Binds beans for YAML routes that consume from a message broker. */
    private void bindForRoutes(CamelContext context, SagaConfig config) {
        Map<String, Object> beans = Map.of(
                config.id("claim-check"),
                new ClaimCheck(
                        "saga.claim-check.roots", config.documents().source().claimRoots()),
                config.id("no-headers"),
                new NoHeaders());
        beans.forEach((bean, value) -> {
            context.getRegistry().bind(bean, value);
            open.push(() -> context.getRegistry().unbind(bean));
        });
    }

    private static Map<String, Runnable> checks(
            HubResolver.ResolvedResources resources,
            Journal journal,
            Stores stores,
            CallbackListener callbacks,
            JournalSagaService service,
            Optional<DocumentEncryption> encryption,
            DocumentContent content) {
        Map<String, Runnable> checks = new LinkedHashMap<>();
        checks.put("coordinator", service::ping);
        checks.put("callback", callbacks::selfCheck);
        checks.put(
                "bucket", new ChunkStore(resources.config(), resources.servers().s3())::pingAccess);
        checks.put("journal", journal::epoch);
        checks.put("reader", content::check);
        checks.putAll(stores.checks());
        encryption.ifPresent(keys -> checks.put("key-service", keys::check));
        return checks;
    }

    private <T extends AutoCloseable> T closeLater(T part) {
        open.push(part);
        return part;
    }

    /**
     * Checks that every participant has its routes and that the coordinator's callbacks arrive; the context must have
     * started.
     */
    public void check() {
        components().parts().engine().requireRoutes();
        components().callbacks().selfCheck();
        requireSharedSettings();
    }

    /** A process that alone uses its journal shares its settings with nobody. */
    private void requireSharedSettings() {
        HubResolver.ResolvedResources resources = components().resources();
        if (resources.servers().exclusive()) {
            return;
        }
        Journal journal = components().parts().journal();
        Map<String, String> settings =
                SharedSettings.fingerprints(resources.config(), journal.epoch(), explicitResources.isPresent());
        components().receipts().keyId().ifPresent(key -> settings.put("saga.receipts.key-file", key));
        journal.nodes().join(settings).ifPresent(conflict -> {
            throw ConfigException.of("node " + conflict.node() + ", which uses the same journal, runs with another "
                    + conflict.setting() + "; all nodes must have the same. Nothing was started. To change the setting,"
                    + " stop all nodes first; one that was killed counts for "
                    + resources.config().operation().recovery().lease().toSeconds() + " s (saga.recovery.lease)");
        });
    }

    /** Logs a warning if the bucket is unavailable; the hub starts all the same, and its sagas are compensated. */
    void checkInHub() {
        check();
        SagaConfig config = components().resources().config();
        try {
            components().parts().storage().bucket().ensureBucket();
        } catch (SdkException e) {
            LOG.warn(
                    "bucket {} of instance {} is not available ({}); sagas are compensated until it is",
                    config.servers().s3().bucket(),
                    name,
                    e.getMessage());
        }
        try {
            components().encryption().ifPresent(DocumentEncryption::check);
        } catch (KeyException e) {
            LOG.warn("instance {} cannot use its current key now: {}", name, e.getMessage());
        }
    }

    /** Checks, then recovers the sagas of killed processes and starts periodic recovery. */
    public void start() {
        check();
        components().encryption().ifPresent(DocumentEncryption::requireAvailable);
        recover();
    }

    private static void requireCoordinator(SagaConfig config, JournalSagaService service, CallbackListener callbacks) {
        service.ping();
        if (config.servers().coordinator().url().isPresent()) {
            service.tryCallback(callbacks);
        }
    }

    /**
     * Requires that the coordinator answers, and if it is another process that it calls back: without it no saga can
     * begin.
     *
     * @throws dev.streamingsaga.journal.SagaException COORDINATOR_UNAVAILABLE if it does not answer
     * @throws dev.streamingsaga.config.UnavailableException if its call does not arrive
     */
    @Internal
    public void requireCoordinator() {
        components().requireCoordinator().run();
    }

    void recover() {
        // If a process was killed between an outcome and its reports, the journal has what they must say.
        components().reports().start(components().resources().servers().exclusive());
        components().parts().recovery().start(components().resources().servers().exclusive());
        components()
                .parts()
                .journal()
                .audit()
                .record(
                        Actor.osUser(),
                        AuditAction.START,
                        null,
                        null,
                        SettingsSummary.of(components().resources().config()));
        recorded = true;
        components().parts().retention().start();
    }

    /**
     * The first step of an orderly stop, while routes and servers still run: stops receiving documents, waits for
     * running sagas as long as {@code saga.drain.timeout}, and hands the others over without compensating them. In a
     * hub the context does it.
     */
    public void drain() {
        Components open = components;
        if (open != null) {
            open.parts().drain().begin();
            open.parts().drain().await();
            endpoints.forEach(IngestionEndpoint::suspend);
            recordStop(open);
        }
    }

    /** Once, if the start was recorded. A journal that is away must not prevent a stop. */
    private void recordStop(Components open) {
        if (!recorded) {
            return;
        }
        recorded = false;
        try {
            AuditLog audit = open.parts().journal().audit();
            audit.record(Actor.osUser(), AuditAction.STOP, null, null, Map.of());
            LOG.info("the newest entry of the audit log is {}", audit.newest());
        } catch (RuntimeException e) {
            LOG.warn("the stop was not recorded in the audit log: {}", e.getMessage());
        }
    }

    private void refuseWork() {
        Components open = components;
        draining = true;
        if (open != null) {
            open.parts().retention().drain();
            open.observation().drain();
        }
        endpoints.forEach(IngestionEndpoint::refuseDocuments);
    }

    /** As {@link #drain}, without waiting for running sagas: for a start that failed. */
    @Internal
    public void handOver() {
        Components open = components;
        if (open != null) {
            endpoints.forEach(IngestionEndpoint::suspend);
            open.parts().drain().handOver();
        }
    }

    /**
     * What operators and programs can do with this instance. Valid until the instance closes; after a restart of the
     * context, get it again.
     *
     * @throws IllegalStateException if the instance is not open
     */
    public SagaOperator operator() {
        return components().operator();
    }

    /**
     * The routes of the HTTP API and the page, on the HTTP server of the context's {@code platform-http} component. The
     * caller adds them with {@code addRoutes} each time the context starts.
     *
     * @throws IOException if the spool folder cannot be created
     */
    public RouteBuilder http(CamelContext context) throws IOException {
        Components p = components();
        p.observation().serve();
        SagaConfig config = p.resources().config();
        UploadSpool spool = new UploadSpool(config.uploads(), config, p.parts().journal());
        return addEndpoint(
                context,
                new ApiRoutes(context, new ApiDependencies(config, p.operator(), spool, p.uploads(), p.observation())));
    }

    /**
     * The routes of the drop folder {@code saga.drop.dir}. The caller adds them with {@code addRoutes} after
     * {@link #start}, each time the context starts.
     *
     * @throws IllegalStateException if {@code saga.drop.dir} is not set
     * @throws IOException if the folder cannot be created
     */
    public RouteBuilder dropFolder(CamelContext context) throws IOException {
        return addEndpoint(
                context,
                new DropFolderRoutes(
                        context,
                        new DropFolderDependencies(
                                components().resources().config(),
                                components().parts().journal(),
                                components().parts().ingest(),
                                components().reports(),
                                SourceHost.open(components().resources().config()))));
    }

    /**
     * The routes for documents as JMS messages. The caller adds them with {@code addRoutes} after {@link #start}, each
     * time the context starts.
     *
     * @throws IllegalStateException if the registry has no connection factory {@code <name>-jms-connections}, and none
     *     or several of other names
     * @throws IOException if the spool folder cannot be created
     */
    public RouteBuilder jms(CamelContext context) throws IOException {
        return addEndpoint(
                context,
                new JmsRoutes(
                        context,
                        new JmsDependencies(
                                components().resources().config(),
                                components().parts().journal(),
                                components().parts().ingest(),
                                components().uploads())));
    }

    private void accept(boolean accepting) {
        if (!draining) {
            endpoints.forEach(endpoint -> endpoint.accept(accepting));
        }
    }

    private RouteBuilder addEndpoint(CamelContext context, RouteBuilder routes) {
        IngestionEndpoint endpoint = new IngestionEndpoint(context, routes);
        endpoints.add(endpoint);
        if (explicitResources.isEmpty()) {
            open.push(endpoint::remove);
        }
        return routes;
    }

    Components components() {
        Components current = components;
        if (current == null) {
            throw new IllegalStateException("instance " + name
                    + " is not open: add it with context.addRoutes(bundle); it is open while the context is started");
        }
        return current;
    }

    /** Closes the instance; in a hub the context does it. Closing twice has no effect. */
    @Override
    public void close() {
        components = null;
        draining = false;
        endpoints.clear();
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LOG.warn("cannot close a component of instance {}: {}", name, e.toString());
            }
        }
    }
}
