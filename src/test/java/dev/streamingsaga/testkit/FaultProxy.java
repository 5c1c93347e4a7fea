package dev.streamingsaga.testkit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/**
 * An HTTP/1.1 proxy on a loopback port before a real server, that fails on purpose: {@code proxy.when(method("PUT")
 * .and(keyEndsWith("chunk-000003"))).times(2).answer(503, "SlowDown")}. Without a rule every byte passes unaltered, the
 * Host header too, because S3 signatures cover it. Rules are tried in order, and the first that takes a request is the
 * only one. Mind that clients retry by themselves: {@code times(1)} may never be seen above them.
 *
 * <p>Holds at most 256 connections; more wait. Waits for upstream 10 s to connect and 120 s between bytes, for clients
 * for ever.
 */
public final class FaultProxy implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 256;
    private static final int CONNECT_MILLIS = 10_000;
    private static final int UPSTREAM_MILLIS = 120_000;
    private static final int CLOSE_SECONDS = 10;

    private final InetSocketAddress upstream;
    private final ServerSocket server;
    private final List<FaultRule> rules = new CopyOnWriteArrayList<>();
    private final List<Arrival> records = new CopyOnWriteArrayList<>();
    private final Set<String> headerNames = ConcurrentHashMap.newKeySet();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final Semaphore free = new Semaphore(MAX_CONNECTIONS);
    private final Set<Socket> sockets = new HashSet<>();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "fault-proxy");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicInteger underWay = new AtomicInteger();
    private boolean down;
    private boolean closed;

    private record Arrival(long nanos, AtomicReference<ProxiedRequest> request) {}

    /** Takes host and port of {@code upstream}, which must be plain HTTP; there need not be a server yet. */
    public FaultProxy(URI upstream) {
        if (!"http".equals(upstream.getScheme()) || upstream.getPort() < 0) {
            throw new IllegalArgumentException("upstream must be http with a port, was " + upstream);
        }
        this.upstream = new InetSocketAddress(upstream.getHost(), upstream.getPort());
        try {
            server = new ServerSocket(0, 128, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on the loopback address", e);
        }
        threads.execute(this::accept);
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** The beginning of a rule, which counts once its behaviour is named. */
    public FaultRule when(Predicate<ProxiedRequest> predicate) {
        return new FaultRule(this, predicate);
    }

    /** A rule for all requests, until removed. */
    public FaultRule always() {
        return when(ProxiedRequest.anyRequest()).always();
    }

    /** Ends all rules; requests they have taken go on. */
    public void clearRules() {
        rules.forEach(FaultRule::remove);
        rules.clear();
    }

    /** Resets every connection there is on both sides, and every new one, until {@link #up}. The port stays taken. */
    public synchronized void down() {
        down = true;
        sockets.forEach(FaultProxy::reset);
    }

    public synchronized void up() {
        down = false;
    }

    /** All requests whose head has arrived, in that order; also those not answered yet. */
    public List<ProxiedRequest> requests() {
        return records.stream().map(arrival -> arrival.request().get()).toList();
    }

    /** Headers that any request had, in lower case. */
    public Set<String> headerNames() {
        return Set.copyOf(headerNames);
    }

    /** When the requests that match arrived, in that order, as {@link System#nanoTime}. */
    public List<Long> arrivalNanos(Predicate<ProxiedRequest> predicate) {
        return records.stream()
                .filter(arrival -> predicate.test(arrival.request().get()))
                .map(Arrival::nanos)
                .toList();
    }

    /** Requests that are neither answered nor broken off yet, held ones included. */
    public int underWay() {
        return underWay.get();
    }

    public long count(Predicate<ProxiedRequest> predicate) {
        return requests().stream().filter(predicate).count();
    }

    /**
     * Ends every connection, held ones too, and all threads.
     *
     * @throws IllegalStateException if a hook failed, or a thread does not end
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            sockets.forEach(FaultProxy::reset);
        }
        try {
            server.close();
            threads.shutdownNow();
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a thread of the fault proxy did not end, probably in a hook");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close the listening socket", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!failures.isEmpty()) {
            throw new IllegalStateException(
                    failures.size() + " request(s) failed through the test itself", failures.get(0));
        }
    }

    private void accept() {
        try {
            while (true) {
                free.acquire();
                Socket client = server.accept();
                try {
                    threads.execute(() -> serve(client));
                } catch (RejectedExecutionException e) {
                    reset(client);
                    throw e;
                }
            }
        } catch (InterruptedException | IOException | RejectedExecutionException e) {
            if (!isClosed()) {
                failures.add(e);
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            register(client);
            client.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(client.getInputStream(), 64 * 1024);
            boolean more = true;
            while (more) {
                Optional<HttpHead> head = HttpHead.read(in);
                more = head.isPresent() && handle(client, in, head.get());
            }
        } catch (IOException e) {
            // Nobody is left to be told: the client has gone, or the proxy is down. A broken exchange is on record.
            reset(client);
        } finally {
            forget(client);
            free.release();
        }
    }

    /** Whether the connection can take another request. */
    private boolean handle(Socket client, InputStream in, HttpHead head) throws IOException {
        AtomicReference<ProxiedRequest> record = new AtomicReference<>(ProxiedRequest.arrived(head));
        head.headers().keySet().forEach(name -> headerNames.add(name.toLowerCase(Locale.ROOT)));
        Optional<FaultRule> rule = rules.stream()
                .filter(candidate -> candidate.takes(record.get()))
                .findFirst();
        rule.ifPresent(taker -> record.updateAndGet(request -> request.withFault(taker.fault())));
        underWay.incrementAndGet();
        records.add(new Arrival(System.nanoTime(), record));
        try {
            ProxyExchange exchange = new ProxyExchange(this, client, in, head, record);
            FaultRule.Behaviour behaviour = rule.map(FaultRule::behaviour).orElse(ProxyExchange::forward);
            behaviour.applyTo(exchange);
            return exchange.isReusable();
        } catch (IOException e) {
            record.updateAndGet(
                    request -> request.fault().isEmpty() ? request.withFault("broken: " + e.getMessage()) : request);
            reset(client);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            reset(client);
        } catch (RuntimeException | AssertionError e) {
            if (!isClosed()) {
                failures.add(e);
            }
            reset(client);
        } finally {
            underWay.decrementAndGet();
        }
        return false;
    }

    void add(FaultRule rule) {
        rules.add(rule);
    }

    Future<?> start(Runnable task) {
        return threads.submit(task);
    }

    Socket connectUpstream() throws IOException {
        Socket socket = new Socket();
        try {
            register(socket);
            socket.connect(upstream, CONNECT_MILLIS);
            socket.setSoTimeout(UPSTREAM_MILLIS);
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            forget(socket);
            socket.close();
            throw e;
        }
    }

    private synchronized void register(Socket socket) throws IOException {
        if (down || closed) {
            reset(socket);
            throw new IOException("proxy is down");
        }
        sockets.add(socket);
    }

    synchronized void forget(Socket socket) {
        sockets.remove(socket);
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Closes with a TCP reset instead of an orderly end, so that the peer sees an error at once. */
    static void reset(Socket socket) {
        try {
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            // Closed by another thread meanwhile, which is all that was wanted.
        }
    }
}
