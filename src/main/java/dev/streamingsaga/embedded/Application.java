package dev.streamingsaga.embedded;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.access.Access;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.observe.OtlpTraces;
import dev.streamingsaga.operations.SagaOperator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stand-alone application: the bundle in its own Camel context, with an embedded server in place of each external
 * one that is not configured.
 */
public final class Application implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Application.class);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private @Nullable StreamingSaga bundle;
    private @Nullable CamelContext context;
    private @Nullable URI address;
    private @Nullable String broker;
    private boolean started;

    private Application() {}

    private void boot(SagaConfig config, boolean recover, boolean service) throws Exception {
        DataDirectory directory = opened(DataDirectory.lock(config));
        directory.sweepTemporaryFiles();
        open.push(directory::tighten);
        CompletableFuture<Optional<EmbeddedCoordinator>> coordinator = CompletableFuture.supplyAsync(
                () -> coordinator(config), start -> new Thread(start, "saga-coordinator-start").start());
        open.push(() -> coordinator.join().ifPresent(EmbeddedCoordinator::close));
        BucketConnection bucket = opened(BucketConnection.open(config));
        // Opened before the context, so closed after it: the last spans are sent when the context has stopped.
        Optional<OtlpTraces> traces = config.operation().observability().otel().isOn()
                ? Optional.of(opened(OtlpTraces.start(config)))
                : Optional.empty();
        DefaultCamelContext context = opened(new DefaultCamelContext());
        this.context = context;
        Optional<EmbeddedCoordinator> embedded = joined(coordinator);
        StreamingSaga saga = new StreamingSaga(
                config,
                new StreamingSaga.Servers(
                        embedded.map(EmbeddedCoordinator::access)
                                .orElseGet(() -> CoordinatorAccess.to(
                                        config.servers().coordinator().url().orElseThrow(), config)),
                        bucket.client(),
                        config.servers().journal().url().isEmpty()));
        open.push(saga);
        bundle = saga;
        context.disableJMX();
        context.getCamelContextExtension().setName(config.name());
        // Sagas have been released by then.
        context.getShutdownStrategy().setTimeout(5);
        traces.ifPresent(tracing -> tracing.watch(context));
        context.addRoutes(saga);
        if (service && config.endpoints().jms().isOn()) {
            broker = opened(Broker.open(config, context)).url();
        }
        loadRoutes(context, config);
        // Fail for a port in use before recovery begins. Also, routes in the routes folder may serve HTTP.
        Optional<EmbeddedHttp> server = service && config.endpoints().http().enabled()
                ? Optional.of(listen(config, context))
                : Optional.empty();
        context.start();
        // Routes stop before the servers they use: the last one pushed is closed first.
        open.push(context::stop);
        if (service) {
            saga.requireCoordinator();
        }
        if (recover) {
            saga.start();
            embedded.ifPresent(EmbeddedCoordinator::recover);
        } else {
            saga.check();
        }
        if (server.isPresent()) {
            serve(server.get(), context, saga);
        }
        if (service && config.endpoints().drop().dir().isPresent()) {
            context.addRoutes(saga.dropFolder(context));
        }
        if (service && config.endpoints().jms().isOn()) {
            context.addRoutes(saga.jms(context));
        }
        directory.tighten();
        started = true;
    }

    private EmbeddedHttp listen(SagaConfig config, CamelContext context) throws IOException {
        EmbeddedHttp server = opened(EmbeddedHttp.start(config, context));
        // Requests in progress are answered before the server stops.
        open.push(context::stop);
        return server;
    }

    private void serve(EmbeddedHttp server, CamelContext context, StreamingSaga saga) throws Exception {
        context.addRoutes(saga.http(context));
        server.ready();
        open.push(server::stopping);
        address = server.uri();
    }

    /**
     * @throws UnavailableException if a configured server does not respond, or an embedded one cannot start
     * @throws ConfigException if a configured port is in use
     */
    public static Application start(SagaConfig config) {
        return start(config, true, false);
    }

    /**
     * Starts as {@link #start} does, with the ingestion endpoints: the HTTP API unless {@code saga.http.enabled} is
     * false, the drop folder and the message queue if they are configured.
     */
    public static Application serve(SagaConfig config) {
        return start(config, true, true);
    }

    /**
     * Starts as {@link #start} does, but without recovery: for commands that end before unfinished sagas could finish.
     */
    public static Application startWithoutRecovery(SagaConfig config) {
        return start(config, false, false);
    }

    private static Application start(SagaConfig config, boolean recover, boolean service) {
        Application application = new Application();
        try {
            application.boot(config, recover, service);
            return application;
        } catch (ConfigException | UnavailableException e) {
            application.close();
            throw e;
        } catch (Exception e) {
            application.close();
            Optional<String> message = portInUse(e);
            if (message.isPresent()) {
                throw ConfigException.of(message.get());
            }
            throw new UnavailableException("cannot start: " + e.getMessage(), e);
        }
    }

    /** The message of the server that could not bind its port or address, which names the setting to change. */
    private static Optional<String> portInUse(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof IOException && (t instanceof BindException || t.getCause() instanceof BindException)) {
                return Optional.of(String.valueOf(t.getMessage()));
            }
        }
        return Optional.empty();
    }

    private static Optional<EmbeddedCoordinator> coordinator(SagaConfig config) {
        if (config.servers().coordinator().url().isPresent()) {
            return Optional.empty();
        }
        try {
            return Optional.of(EmbeddedCoordinator.start(config));
        } catch (IOException e) {
            throw new UnavailableException("the embedded coordinator cannot start: " + e.getMessage(), e);
        }
    }

    private static <T> T joined(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /**
     * Loads the operator's routes folder. A file {@code store-NAME.camel.yaml} contains a store and is loaded only if
     * NAME is in {@code saga.participants}; all other files are always loaded.
     */
    static void loadRoutes(CamelContext context, SagaConfig config) throws Exception {
        load(context, config, routeFiles(config));
    }

    /** Loads only the stores of the participants: no triggers, no alerts. */
    static void loadStores(CamelContext context, SagaConfig config) throws Exception {
        load(
                context,
                config,
                routeFiles(config).stream()
                        .filter(file -> file.getFileName().toString().startsWith(RouteNames.STORE_PREFIX))
                        .toList());
    }

    private static void load(CamelContext context, SagaConfig config, List<Path> files) throws Exception {
        // Routes may use {{saga.name}} and {{saga.data.dir}}.
        Properties placeholders = new Properties();
        placeholders.setProperty("saga.name", config.name());
        placeholders.setProperty("saga.data.dir", config.dataDir().toString());
        context.getPropertiesComponent().setInitialProperties(placeholders);
        for (Path file : files) {
            Resource resource =
                    ResourceHelper.resolveResource(context, file.toUri().toString());
            PluginHelper.getRoutesLoader(context).loadRoutes(resource);
            LOG.info("loaded routes from {}", file);
        }
    }

    static List<Path> routeFiles(SagaConfig config) {
        if (!Files.isDirectory(config.routesDir())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(config.routesDir())) {
            return files.filter(file -> file.getFileName().toString().endsWith(".camel.yaml"))
                    .sorted()
                    .filter(file -> {
                        String name = file.getFileName().toString().replace(".camel.yaml", "");
                        return !name.startsWith(RouteNames.STORE_PREFIX)
                                || config.participants().contains(name.substring(RouteNames.STORE_PREFIX.length()));
                    })
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the routes folder " + config.routesDir(), e);
        }
    }

    private <T extends AutoCloseable> T opened(T component) {
        open.push(component);
        return component;
    }

    /** The URL of the HTTP API and the page; empty if they are not served. */
    public Optional<URI> address() {
        return Optional.ofNullable(address);
    }

    /** The URL of the broker for JMS ingestion; empty if it is off. */
    public Optional<String> broker() {
        return Optional.ofNullable(broker);
    }

    /** The context with the routes of the instance. */
    public CamelContext camelContext() {
        return Objects.requireNonNull(context);
    }

    /** The facade for the user of the command line. */
    public SagaOperator operator() {
        return bundle().operator().as(Access.commandLine());
    }

    public StreamingSaga bundle() {
        return Objects.requireNonNull(bundle);
    }

    @Override
    public void close() {
        StreamingSaga saga = bundle;
        if (saga != null && started) {
            saga.drain();
        } else if (saga != null) {
            saga.handOver();
        }
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LOG.warn("cannot stop a component: {}", e.toString());
            }
        }
    }
}
