package dev.streamingsaga.embedded;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.net.BindException;
import java.util.function.UnaryOperator;
import org.jboss.resteasy.plugins.server.undertow.UndertowJaxrsServer;
import org.xnio.Options;

/**
 * The HTTP server of the coordinator, with a handler in front of all others and limits on the resources that a caller
 * uses before that handler runs.
 */
final class GatedServer extends UndertowJaxrsServer {
    private static final int IO_THREADS = 1;
    private static final int WORKER_THREADS = 16;
    private static final long MAX_BODY_BYTES = 64 << 10;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_HEADERS = 64;
    private static final int MAX_PARAMETERS = 64;
    private static final int MAX_CONNECTIONS = 512;
    private static final int MAX_WAITING_CONNECTIONS = 512;
    private static final int REQUEST_PARSE_MILLIS = 5_000;
    private static final int IDLE_MILLIS = 15_000;

    private final UnaryOperator<HttpHandler> gate;

    /** @param gate wraps the handler of the server */
    GatedServer(UnaryOperator<HttpHandler> gate) {
        this.gate = gate;
    }

    /** @throws BindException if, and only if, the port is in use */
    void listen(String host, int port) throws IOException {
        try {
            start(Undertow.builder().addHttpListener(port, host));
        } catch (RuntimeException e) {
            if (e.getCause() instanceof BindException portInUse) {
                throw portInUse;
            }
            throw new IOException("cannot open the coordinator's port " + host + ":" + port, e);
        }
    }

    @Override
    public UndertowJaxrsServer start(Undertow.Builder builder) {
        server = builder.setIoThreads(IO_THREADS)
                .setWorkerThreads(WORKER_THREADS)
                .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, MAX_BODY_BYTES)
                .setServerOption(UndertowOptions.MAX_HEADER_SIZE, MAX_HEADER_BYTES)
                .setServerOption(UndertowOptions.MAX_HEADERS, MAX_HEADERS)
                .setServerOption(UndertowOptions.MAX_PARAMETERS, MAX_PARAMETERS)
                .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, REQUEST_PARSE_MILLIS)
                .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, IDLE_MILLIS)
                .setSocketOption(Options.BACKLOG, MAX_WAITING_CONNECTIONS)
                .setSocketOption(Options.CONNECTION_HIGH_WATER, MAX_CONNECTIONS)
                .setSocketOption(Options.CONNECTION_LOW_WATER, MAX_CONNECTIONS)
                .setHandler(gate.apply(root))
                .build();
        server.start();
        return this;
    }
}
