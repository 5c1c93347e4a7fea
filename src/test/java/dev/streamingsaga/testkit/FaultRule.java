package dev.streamingsaga.testkit;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/**
 * The behaviour of a {@link FaultProxy} for matching requests; applies once by default. A rule becomes active when its
 * behaviour is set, after existing rules; it has one behaviour.
 */
public final class FaultRule {
    private static final int ALWAYS = Integer.MAX_VALUE;

    private final FaultProxy proxy;
    private final Predicate<ProxiedRequest> predicate;
    private int times = 1;
    private int applied;
    private String name = "";
    private Behaviour behaviour = exchange -> {};

    FaultRule(FaultProxy proxy, Predicate<ProxiedRequest> predicate) {
        this.proxy = proxy;
        this.predicate = predicate;
    }

    /**
     * Test code that runs on the proxy's thread; an exception resets the connection, and {@link FaultProxy#close}
     * reports it.
     */
    @FunctionalInterface
    public interface Hook {
        void run() throws Exception;
    }

    @FunctionalInterface
    interface Behaviour {
        void applyTo(ProxyExchange exchange) throws IOException, InterruptedException;
    }

    public synchronized FaultRule times(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("times must be at least 1, was " + count);
        }
        times = count;
        return this;
    }

    public FaultRule always() {
        return times(ALWAYS);
    }

    /** The number of requests it was applied to. */
    public synchronized int applied() {
        return applied;
    }

    /** Ends the rule for new requests; requests that it already handles continue. */
    public synchronized void remove() {
        times = 0;
    }

    /** Resets the connection before anything of the request reaches upstream. */
    public FaultRule refuse() {
        return does("refuse", ProxyExchange::reset);
    }

    /**
     * Forwards the head and this many bytes of the body, then resets both sides. Upstream never receives the whole
     * request: the last byte, or the end of the last chunk, is always held back, and a request without body is not
     * forwarded at all. The reset may overtake bytes in transit, so upstream reads at most this many.
     */
    public FaultRule resetAfter(long bodyBytes) {
        if (bodyBytes < 0) {
            throw new IllegalArgumentException("bodyBytes must not be negative, was " + bodyBytes);
        }
        return does("resetAfter", exchange -> exchange.cut(bodyBytes));
    }

    /** Reads the whole request and answers it with an S3 error document; nothing reaches upstream. */
    public FaultRule answer(int status, String s3Code) {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status must be 400-599, was " + status);
        }
        return does("answer", exchange -> exchange.answer(status, s3Code));
    }

    /** Lets upstream answer, so that the object is stored, then holds the connection until the client gives up. */
    public FaultRule loseReply() {
        return does("loseReply", ProxyExchange::forwardWithoutReply);
    }

    /** Reads the whole request and holds the connection until the client gives up; nothing reaches upstream. */
    public FaultRule hang() {
        return does("hang", ProxyExchange::hang);
    }

    /**
     * Forwards once the latch is open. Data that the client sent until then reaches upstream even if the client has
     * given up: a late write.
     */
    public FaultRule delay(CountDownLatch latch) {
        return does("delay", exchange -> {
            latch.await();
            exchange.forward();
        });
    }

    /** Runs the hook when the head of a request has arrived, before any of it reaches upstream. */
    public FaultRule beforeForward(Hook hook) {
        return does("beforeForward", exchange -> {
            exchange.run(hook);
            exchange.forward();
        });
    }

    /** Runs the hook when upstream has answered, before the client receives any of the response. */
    public FaultRule afterReply(Hook hook) {
        return does("afterReply", exchange -> exchange.forwardThen(hook));
    }

    /**
     * Flips one bit of the first content byte while forwarding. A body without content is an error of the test, which
     * {@link FaultProxy#close} reports. If the client sends a checksum or signs the body, upstream will reject it.
     */
    public FaultRule corruptBody() {
        return does("corruptBody", ProxyExchange::forwardCorrupted);
    }

    private synchronized FaultRule does(String fault, Behaviour action) {
        if (!name.isEmpty()) {
            throw new IllegalStateException("rule has a behaviour already: " + name);
        }
        name = fault;
        behaviour = action;
        proxy.add(this);
        return this;
    }

    /** Claims the request if it matches and the rule is not used up. */
    synchronized boolean takes(ProxiedRequest request) {
        if (times == 0 || !predicate.test(request)) {
            return false;
        }
        times -= times == ALWAYS ? 0 : 1;
        applied++;
        return true;
    }

    synchronized String fault() {
        return name;
    }

    synchronized Behaviour behaviour() {
        return behaviour;
    }
}
