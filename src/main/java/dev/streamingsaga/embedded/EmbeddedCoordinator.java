package dev.streamingsaga.embedded;

import com.arjuna.ats.arjuna.common.CoordinatorEnvironmentBean;
import com.arjuna.ats.arjuna.common.CoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.RecoveryEnvironmentBean;
import com.arjuna.ats.arjuna.recovery.RecoveryManager;
import com.arjuna.ats.internal.arjuna.utils.UuidProcessId;
import com.arjuna.common.internal.util.propertyservice.BeanPopulator;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig.CoordinatorServer;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.lra.CoordinatorSecret;
import dev.streamingsaga.lra.LraScope;
import dev.streamingsaga.lra.PersistentPort;
import io.narayana.lra.coordinator.api.Coordinator;
import io.narayana.lra.coordinator.api.CoordinatorContainerFilter;
import io.narayana.lra.coordinator.api.RecoveryCoordinator;
import io.narayana.lra.coordinator.internal.LRARecoveryModule;
import jakarta.ws.rs.core.Application;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jboss.resteasy.core.ResteasyDeploymentImpl;
import org.jboss.resteasy.spi.ResteasyDeployment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Narayana LRA coordinator in this process, on its own port, with its store in {@code DATA/coordinator}. The port
 * is part of every LRA id, so it is chosen once and kept in {@code DATA/coordinator/port}. Every request must present
 * the secret ({@link CoordinatorGate}), which is configured, or generated once and kept in
 * {@code DATA/coordinator/secret}. The sagas of this process call it without a connection
 * ({@link InProcessCoordinator}).
 *
 * <p>One per JVM, because Narayana is configured through static state, and one per data directory: two coordinators on
 * one store compensate closed LRAs. The caller holds the lock on the data directory, which prevents that. Narayana's
 * timer threads are not daemons and cannot be stopped: after {@link #close()} the JVM exits only through
 * {@code System.exit}.
 */
public final class EmbeddedCoordinator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedCoordinator.class);
    private static final int RECOVERY_PERIOD_SECONDS = 10;
    private static final int RECOVERY_BACKOFF_SECONDS = 1;

    private final Listening listening;
    private final CoordinatorAccess access;
    private final Optional<Path> secretFile;

    private EmbeddedCoordinator(
            PersistentPort.Opened<Listening> opened,
            CoordinatorAddress address,
            CoordinatorSecret secret,
            Optional<Path> secretFile) {
        this.listening = opened.server();
        this.secretFile = secretFile;
        LraScope scope = new LraScope(
                address.url(opened.port()),
                opened.former().stream().map(address::url).toList());
        this.access = new CoordinatorAccess(scope, Optional.of(secret), Optional.of(listening.calls()));
    }

    /** The two doors of the coordinator: its port, and calls from this process. */
    private record Listening(GatedServer server, InProcessCoordinator calls) {}

    /** The classes of the coordinator's REST interface. */
    private static final class Api extends Application {
        @Override
        public Set<Class<?>> getClasses() {
            return Set.of(Coordinator.class, RecoveryCoordinator.class, CoordinatorContainerFilter.class);
        }
    }

    /**
     * Starts the coordinator for this process: opens the store, recovers the LRAs of an earlier process, then opens the
     * port, so that no LRA is unknown to a caller. After a restart compensations still run in the reverse order of
     * joining, and deadlines still apply ({@link OrderedRecovery}).
     *
     * @param config the caller holds the lock on its data directory
     * @throws IllegalStateException if this JVM had a coordinator on another directory, or one that this class did not
     *     start
     */
    public static EmbeddedCoordinator start(SagaConfig config) throws IOException {
        return start(
                config,
                CoordinatorAddress.loopback(
                        config.servers().coordinator().server().hosts()),
                0);
    }

    /**
     * Starts as {@link #start} does, but on {@code saga.coordinator.host} and {@code saga.coordinator.port}, which
     * other processes know.
     */
    static EmbeddedCoordinator startAlone(SagaConfig config) throws IOException {
        CoordinatorServer server = config.servers().coordinator().server();
        return start(config, CoordinatorAddress.of(server), server.port());
    }

    /** @param port 0: the stored one */
    private static EmbeddedCoordinator start(SagaConfig config, CoordinatorAddress address, int port)
            throws IOException {
        Path directory = Permissions.folder(config.dataDir().resolve("coordinator"));
        Optional<CoordinatorSecret> configured =
                CoordinatorSecret.of(config.servers().coordinator().secret());
        Path file = directory.resolve("secret");
        CoordinatorSecret secret = configured.isPresent() ? configured.get() : CoordinatorSecret.kept(file);
        configure(directory.resolve("store"));
        RecoveryManager.manager();
        OrderedRecovery.checkInstalled();
        LRARecoveryModule.getService().recover();
        int maxLras = config.servers().coordinator().server().maxLras();
        PersistentPort.Opener<Listening> opener = p -> listen(address, p, secret, maxLras);
        EmbeddedCoordinator coordinator = new EmbeddedCoordinator(
                port > 0
                        ? listenAlone(port, opener)
                        : PersistentPort.open(directory.resolve("port"), "embedded coordinator", opener),
                address,
                secret,
                configured.isPresent() ? Optional.empty() : Optional.of(file));
        LOG.info("LRA coordinator at {}", coordinator.url());
        return coordinator;
    }

    private static void configure(Path store) {
        String directory = store.toString();
        ObjectStoreEnvironmentBean first = BeanPopulator.getDefaultInstance(ObjectStoreEnvironmentBean.class);
        boolean untouched = first.getObjectStoreDir().equals(new ObjectStoreEnvironmentBean().getObjectStoreDir());
        if (!untouched && !first.getObjectStoreDir().equals(directory)) {
            throw new IllegalStateException("this JVM already has an LRA coordinator on " + first.getObjectStoreDir()
                    + "; another one on " + directory + " was not started");
        }
        Stream.of(first, named("stateStore"), named("communicationStore"))
                .forEach(bean -> bean.setObjectStoreDir(directory));
        RecoveryEnvironmentBean recovery = BeanPopulator.getDefaultInstance(RecoveryEnvironmentBean.class);
        recovery.setPeriodicRecoveryPeriod(RECOVERY_PERIOD_SECONDS);
        recovery.setRecoveryBackoffPeriod(RECOVERY_BACKOFF_SECONDS);
        BeanPopulator.getDefaultInstance(CoordinatorEnvironmentBean.class).setTransactionStatusManagerEnable(false);
        // The default opens a port to find a process id.
        BeanPopulator.getDefaultInstance(CoreEnvironmentBean.class)
                .setProcessImplementationClassName(UuidProcessId.class.getName());
        OrderedRecovery.install(recovery);
    }

    private static ObjectStoreEnvironmentBean named(String store) {
        return BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, store);
    }

    private static Listening listen(CoordinatorAddress address, int port, CoordinatorSecret secret, int maxLras)
            throws IOException {
        OpenLras lras = new OpenLras(
                maxLras, () -> LRARecoveryModule.getService().getAll().size());
        List<String> hosts = address.hosts(port);
        GatedServer server = new GatedServer(handler -> new CoordinatorGate(handler, secret, hosts, lras));
        ResteasyDeployment deployment = new ResteasyDeploymentImpl();
        deployment.setApplication(new Api());
        deployment.start();
        server.deploy(deployment);
        server.listen(address.bind(), port);
        return new Listening(
                server,
                new InProcessCoordinator(
                        deployment.getDispatcher(), address.url(port).resolve("/"), lras));
    }

    private static PersistentPort.Opened<Listening> listenAlone(int port, PersistentPort.Opener<Listening> opener)
            throws IOException {
        try {
            return new PersistentPort.Opened<>(opener.open(port), port, List.of());
        } catch (BindException e) {
            throw new IOException(
                    "port " + port + " is in use by another process (saga.coordinator.port; 0 for a free one)", e);
        }
    }

    /**
     * At which it is called: {@code http://127.0.0.1:PORT/lra-coordinator}, unless it runs alone on other addresses.
     */
    public URI url() {
        return access.scope().coordinator();
    }

    /** The scope of this coordinator, including its former ports, and its secret. */
    public CoordinatorAccess access() {
        return access;
    }

    /** The file of the generated secret; empty if the secret is configured. */
    public Optional<Path> secretFile() {
        return secretFile;
    }

    /**
     * Calls every participant with a pending callback now instead of at the next period. Use it once the callback
     * listener answers.
     */
    public void recover() {
        LRARecoveryModule.getService().recover();
    }

    /** Closes the port and stops the periodic recovery. Open LRAs continue after the next start. */
    @Override
    public void close() {
        listening.calls().close();
        listening.server().stop();
        RecoveryManager.manager().terminate(true);
    }
}
