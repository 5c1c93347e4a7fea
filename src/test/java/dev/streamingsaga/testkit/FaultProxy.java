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
 * An HTTP/1.1 proxy on a loopback port in front of a real server that injects faults: {@code proxy.when(method("PUT")
 * .and(keyEndsWith("chunk-000003"))).times(2).answer(503, "SlowDown")}. Without a rule every byte is forwarded
 * unchanged, including the Host header, because S3 signatures cover it. Rules are tried in order; only the first match
 * applies. Clients retry by themselves, so a caller may never notice {@code times(1)}.
 *
 * <p>Serves at most 256 connections; further ones wait. Timeouts for upstream are 10 s to connect and 120 s between
 * bytes; there is none for clients.
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

    /** Uses host and port of {@code upstream}, which must be plain HTTP; the server may start later. */
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

    /** Starts a rule, which is active once its behaviour is set. */
    public FaultRule when(Predicate<ProxiedRequest> predicate) {
        return new FaultRule(this, predicate);
    }

    /** A rule for all requests, until removed. */
    public FaultRule always() {
        return when(ProxiedRequest.anyRequest()).always();
    }

    /** Removes all rules; requests that they already handle continue. */
    public void clearRules() {
        rules.forEach(FaultRule::remove);
        rules.clear();
    }

    /** Resets all connections on both sides, and every new one, until {@link #up}. The port stays open. */
    public synchronized void down() {
        down = true;
        sockets.forEach(FaultProxy::reset);
    }

    public synchronized void up() {
        down = false;
    }

    /** All requests whose head has arrived, in that order, including those without a response. */
    public List<ProxiedRequest> requests() {
        return records.stream().map(arrival -> arrival.request().get()).toList();
    }

    /** Names of all request headers so far, in lower case. */
    public Set<String> headerNames() {
        return Set.copyOf(headerNames);
    }

    /** Arrival times of the matching requests, in that order, as {@link System#nanoTime}. */
    public List<Long> arrivalNanos(Predicate<ProxiedRequest> predicate) {
        return records.stream()
                .filter(arrival -> predicate.test(arrival.request().get()))
                .map(Arrival::nanos)
                .toList();
    }

    /** The number of requests in progress, including held ones. */
    public int requestsInProgress() {
        return underWay.get();
    }

    public long count(Predicate<ProxiedRequest> predicate) {
        return requests().stream().filter(predicate).count();
    }

    /**
     * Closes all connections, including held ones, and stops all threads.
     *
     * @throws IllegalStateException if a hook failed, or a thread does not stop
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
            // Nothing to report: the client has disconnected or the proxy is down. A broken exchange is recorded.
            reset(client);
        } finally {
            forget(client);
            free.release();
        }
    }

    /** Handles a request; returns whether the connection can take another one. */
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
            // Another thread has closed it meanwhile.
        }
    }
}
