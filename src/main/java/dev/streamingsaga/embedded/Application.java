package dev.streamingsaga.embedded;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.observe.OtlpTraces;
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
 * The stand-alone application: the bundle in a Camel context of its own, with an embedded server for each that is not
 * configured.
 */
public final class Application implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Application.class);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private @Nullable StreamingSaga bundle;
    private @Nullable URI address;
    private @Nullable String broker;

    private Application() {}

    private void boot(SagaConfig config, boolean recover, boolean service) throws Exception {
        DataDirectory directory = opened(DataDirectory.lock(config));
        directory.sweepTemporaryFiles();
        open.push(directory::tighten);
        CompletableFuture<Optional<EmbeddedCoordinator>> coordinator = CompletableFuture.supplyAsync(
                () -> coordinator(config), start -> new Thread(start, "saga-coordinator-start").start());
        open.push(() -> coordinator.join().ifPresent(EmbeddedCoordinator::close));
        BucketConnection bucket = opened(BucketConnection.open(config));
        // Before the context, so that its last spans are sent when it has stopped.
        Optional<OtlpTraces> traces =
                config.watch().otel().isOn() ? Optional.of(opened(OtlpTraces.start(config))) : Optional.empty();
        DefaultCamelContext context = opened(new DefaultCamelContext());
        Optional<EmbeddedCoordinator> embedded = joined(coordinator);
        StreamingSaga saga = new StreamingSaga(
                config,
                new StreamingSaga.Servers(
                        embedded.map(EmbeddedCoordinator::access)
                                .orElseGet(() -> CoordinatorAccess.to(
                                        config.coordinator().url().orElseThrow(), config)),
                        bucket.client(),
                        config.journal().url().isEmpty()));
        open.push(saga);
        bundle = saga;
        context.disableJMX();
        context.getCamelContextExtension().setName(config.name());
        // Sagas have been left by then.
        context.getShutdownStrategy().setTimeout(5);
        traces.ifPresent(given -> given.watch(context));
        context.addRoutes(saga);
        if (service && config.jms().isOn()) {
            broker = opened(Broker.open(config, context)).url();
        }
        loadRoutes(context, config);
        // A port that is taken is told before anything is taken up; and routes of the routes folder may serve HTTP
        // themselves.
        Optional<EmbeddedHttp> server =
                service && config.http().enabled() ? Optional.of(listen(config, context)) : Optional.empty();
        context.start();
        // Routes stop before the servers they use: what is pushed last is closed first.
        open.push(context::stop);
        if (recover) {
            saga.start();
            embedded.ifPresent(EmbeddedCoordinator::recover);
        } else {
            saga.check();
        }
        if (server.isPresent()) {
            serve(server.get(), context, saga);
        }
        if (service && config.drop().dir().isPresent()) {
            context.addRoutes(saga.dropFolder(context));
        }
        if (service && config.jms().isOn()) {
            context.addRoutes(saga.jms(context));
        }
        directory.tighten();
    }

    private EmbeddedHttp listen(SagaConfig config, CamelContext context) throws IOException {
        EmbeddedHttp server = opened(EmbeddedHttp.start(config, context));
        // Requests under way are answered before their server goes.
        open.push(context::stop);
        return server;
    }

    private void serve(EmbeddedHttp server, CamelContext context, StreamingSaga saga) throws Exception {
        context.addRoutes(opened(saga.http(context)));
        server.ready();
        open.push(server::stopping);
        address = server.uri();
    }

    /**
     * @throws UnavailableException if a configured server does not answer, or an embedded one can't start
     * @throws ConfigException if a configured port is taken
     */
    public static Application start(SagaConfig config) {
        return start(config, true, false);
    }

    /**
     * As {@link #start}, with the ways in from outside: the HTTP API unless {@code saga.http.enabled} says otherwise,
     * the drop folder if there is one.
     */
    public static Application serve(SagaConfig config) {
        return start(config, true, true);
    }

    /**
     * As {@link #start}, but leaves unfinished sagas alone: for a command that ends before it could bring them to their
     * end.
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
            Optional<String> taken = takenPort(e);
            if (taken.isPresent()) {
                throw ConfigException.of(taken.get());
            }
            throw new UnavailableException("cannot start: " + e.getMessage(), e);
        }
    }

    /**
     * What to change if a configured port or address cannot be bound, in the words of the server that names its
     * setting.
     */
    private static Optional<String> takenPort(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof IOException && (t instanceof BindException || t.getCause() instanceof BindException)) {
                return Optional.of(String.valueOf(t.getMessage()));
            }
        }
        return Optional.empty();
    }

    private static Optional<EmbeddedCoordinator> coordinator(SagaConfig config) {
        if (config.coordinator().url().isPresent()) {
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
     * What an operator put into the routes folder. A file {@code store-NAME.camel.yaml} is a store's and only loaded if
     * NAME is in {@code saga.participants}; all others always are.
     */
    static void loadRoutes(CamelContext context, SagaConfig config) throws Exception {
        load(context, config, routeFiles(config));
    }

    /** Of these only what the participants need: no triggers, no alerts. */
    static void loadStores(CamelContext context, SagaConfig config) throws Exception {
        load(
                context,
                config,
                routeFiles(config).stream()
                        .filter(file -> file.getFileName().toString().startsWith("store-"))
                        .toList());
    }

    private static void load(CamelContext context, SagaConfig config, List<Path> files) throws Exception {
        // What the routes may use as {{saga.name}} and {{saga.data.dir}}.
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
                        return !name.startsWith("store-")
                                || config.participants().contains(name.substring("store-".length()));
                    })
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the routes folder " + config.routesDir(), e);
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    /** Where the HTTP API and the page are; empty if they are not served. */
    public Optional<URI> address() {
        return Optional.ofNullable(address);
    }

    /** The broker that messages come from; empty if none do. */
    public Optional<String> broker() {
        return Optional.ofNullable(broker);
    }

    public StreamingSaga bundle() {
        return Objects.requireNonNull(bundle);
    }

    @Override
    public void close() {
        StreamingSaga saga = bundle;
        if (saga != null) {
            saga.drain(); // however far the start came
        }
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LOG.warn("stopping a part failed: {}", e.toString());
            }
        }
    }
}
