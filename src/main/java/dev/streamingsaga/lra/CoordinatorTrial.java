package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig.Callback;
import dev.streamingsaga.lra.CallbackToken.Target;
import dev.streamingsaga.outage.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Tests everything that a saga needs from a coordinator: begins an LRA, joins it, cancels it, and waits until the
 * coordinator calls a callback listener. After that call nothing remains in the coordinator.
 */
public final class CoordinatorTrial {
    private static final Duration TIME_LIMIT = Duration.ofMinutes(1);
    private static final int SECRET_BYTES = 32;

    private final SagaConfig config;
    private final CoordinatorAccess access;

    /** @param access the coordinator to test, and its secret */
    public CoordinatorTrial(SagaConfig config, CoordinatorAccess access) {
        this.config = config;
        this.access = access;
    }

    /**
     * @param scratch a directory that is not the data directory
     * @param keptPort the port that the listener used so far; empty: any port
     * @return the URL by which the coordinator reached the listener
     * @throws RuntimeException that says which operation failed
     * @throws IOException if no port is free
     */
    public URI run(Path scratch, Optional<Integer> keptPort) throws IOException, InterruptedException {
        Duration limit = config.servers().coordinator().timeout();
        try (CallbackListener listener = listen(scratch, keptPort)) {
            listener.selfCheck();
            JournalSagaService service = new JournalSagaService(
                    new LraSettings(access, limit, TIME_LIMIT, listener.uri(), 1), Patience.none());
            try {
                new CallbackTrial(service.coordinator(), listener, limit).run();
            } finally {
                service.release();
            }
            return listener.uri();
        }
    }

    /** Listens on the port that sagas use, or on another one if a running service uses it. */
    private CallbackListener listen(Path scratch, Optional<Integer> keptPort) throws IOException {
        Callback callback = config.servers().callback();
        int port = callback.port() > 0 ? callback.port() : keptPort.orElseGet(() -> freePort(callback.host()));
        try {
            return listen(scratch, port, callback.url());
        } catch (BindException taken) {
            // The running service keeps its port.
            int other = freePort(callback.host());
            return listen(scratch, other, callback.url().map(url -> withPort(url, other)));
        }
    }

    private CallbackListener listen(Path scratch, int port, Optional<URI> url) throws IOException {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        Callback callback = new Callback(
                config.servers().callback().host(), port, url, HexFormat.of().formatHex(secret));
        return CallbackListener.start(callback, scratch, access.scope(), new CallbackHandler() {
            @Override
            public CallbackHandler.CallbackAnswer compensate(Target target) {
                return CallbackHandler.CallbackAnswer.DONE;
            }

            @Override
            public CallbackHandler.CallbackAnswer complete(Target target) {
                return CallbackHandler.CallbackAnswer.DONE;
            }
        });
    }

    private static int freePort(String host) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(host, 0));
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot listen for callbacks on " + host + " (saga.callback.host): " + e.getMessage(), e);
        }
    }

    private static URI withPort(URI url, int port) {
        return URI.create(url.getScheme() + "://" + url.getHost() + ":" + port);
    }
}
