package dev.streamingsaga.embedded;

import com.arjuna.ats.arjuna.common.CoordinatorEnvironmentBean;
import com.arjuna.ats.arjuna.common.CoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.RecoveryEnvironmentBean;
import com.arjuna.ats.arjuna.recovery.RecoveryManager;
import com.arjuna.ats.internal.arjuna.utils.UuidProcessId;
import com.arjuna.common.internal.util.propertyservice.BeanPopulator;
import dev.streamingsaga.lra.KeptPort;
import dev.streamingsaga.lra.LraScope;
import io.narayana.lra.coordinator.api.Coordinator;
import io.narayana.lra.coordinator.api.CoordinatorContainerFilter;
import io.narayana.lra.coordinator.api.RecoveryCoordinator;
import io.narayana.lra.coordinator.internal.LRARecoveryModule;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import jakarta.ws.rs.core.Application;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.jboss.resteasy.plugins.server.undertow.UndertowJaxrsServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Narayana LRA coordinator in this process, on a loopback port of its own, with its store in {@code DATA/coordinator}. The
 * port is part of every LRA id, so it is chosen once and kept in {@code DATA/coordinator/port}.
 *
 * <p>One per JVM, since Narayana is configured through static state, and one per data directory: two on one store compensate
 * LRAs that were closed. The lock on the data directory, held by the caller, sees to that. Narayana's timer threads are not
 * daemons and cannot be ended: after {@link #close()} the JVM ends through {@code System.exit} only.
 */
public final class EmbeddedCoordinator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedCoordinator.class);
    private static final String HOST = "127.0.0.1";
    private static final int RECOVERY_PERIOD_SECONDS = 10;
    private static final int RECOVERY_BACKOFF_SECONDS = 1;
    private static final int IO_THREADS = 1;
    private static final int WORKER_THREADS = 16;
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final int REQUEST_PARSE_MILLIS = 10_000;
    private static final int IDLE_MILLIS = 60_000;

    private final UndertowJaxrsServer server;
    private final LraScope scope;

    private EmbeddedCoordinator(KeptPort.Opened<UndertowJaxrsServer> opened) {
        server = opened.server();
        scope = new LraScope(url(opened.port()), opened.former().stream().map(EmbeddedCoordinator::url).toList());
    }

    /** The classes of the coordinator's REST interface. */
    private static final class Api extends Application {
        @Override
        public Set<Class<?>> getClasses() {
            return Set.of(Coordinator.class, RecoveryCoordinator.class, CoordinatorContainerFilter.class);
        }
    }

    /**
     * Starts the coordinator: store, recovery of what an earlier process left, then the port, so that no LRA is unknown for a while.
     * After a restart compensations still run in the reverse order of joining, and deadlines hold ({@link OrderedRecovery}).
     *
     * @param dataDir the data directory, locked by the caller
     * @throws IllegalStateException if this JVM had a coordinator on another directory, or one that we did not start
     */
    public static EmbeddedCoordinator start(Path dataDir) throws IOException {
        Path directory = Files.createDirectories(dataDir.toAbsolutePath().normalize().resolve("coordinator"));
        configure(directory.resolve("store"));
        RecoveryManager.manager();
        OrderedRecovery.checkInstalled();
        LRARecoveryModule.getService().recover();
        EmbeddedCoordinator coordinator =
                new EmbeddedCoordinator(KeptPort.open(directory.resolve("port"), "embedded coordinator", EmbeddedCoordinator::listen));
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
        Stream.of(first, named("stateStore"), named("communicationStore")).forEach(bean -> bean.setObjectStoreDir(directory));
        RecoveryEnvironmentBean recovery = BeanPopulator.getDefaultInstance(RecoveryEnvironmentBean.class);
        recovery.setPeriodicRecoveryPeriod(RECOVERY_PERIOD_SECONDS);
        recovery.setRecoveryBackoffPeriod(RECOVERY_BACKOFF_SECONDS);
        BeanPopulator.getDefaultInstance(CoordinatorEnvironmentBean.class).setTransactionStatusManagerEnable(false);
        // The default finds a process id by opening a port.
        BeanPopulator.getDefaultInstance(CoreEnvironmentBean.class).setProcessImplementationClassName(UuidProcessId.class.getName());
        OrderedRecovery.install(recovery);
    }

    private static ObjectStoreEnvironmentBean named(String store) {
        return BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, store);
    }

    private static UndertowJaxrsServer listen(int port) throws IOException {
        Undertow.Builder undertow = Undertow.builder()
                .addHttpListener(port, HOST)
                .setIoThreads(IO_THREADS)
                .setWorkerThreads(WORKER_THREADS)
                .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, (long) MAX_BODY_BYTES)
                .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, REQUEST_PARSE_MILLIS)
                .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, IDLE_MILLIS);
        UndertowJaxrsServer server = new UndertowJaxrsServer();
        server.deploy(new Api(), "/");
        try {
            return server.start(undertow);
        } catch (RuntimeException e) {
            if (e.getCause() instanceof BindException taken) {
                throw taken;
            }
            throw new IOException("cannot open the coordinator's port " + HOST + ":" + port, e);
        }
    }

    private static URI url(int port) {
        return URI.create("http://" + HOST + ":" + port + "/lra-coordinator");
    }

    /** {@code http://127.0.0.1:PORT/lra-coordinator}. */
    public URI url() {
        return scope.coordinator();
    }

    /** The LRAs of this coordinator, with those it began on former ports. */
    public LraScope scope() {
        return scope;
    }

    /** Calls every participant that waits for it, at once instead of at the next period; to be used once the callbacks are answered. */
    public void recover() {
        LRARecoveryModule.getService().recover();
    }

    /** Closes the port and ends the periodic recovery. LRAs that are open go on after the next start. */
    @Override
    public void close() {
        server.stop();
        RecoveryManager.manager().terminate(true);
    }

}
