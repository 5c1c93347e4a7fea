package dev.streamingsaga.testkit;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/**
 * What a {@link FaultProxy} does to the requests that match, once unless told otherwise. A rule is tried from the
 * moment its behaviour is named, after those that were there before; it has one behaviour.
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
     * Test code that runs on the proxy's thread; what it throws resets the connection, and {@link FaultProxy#close}
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

    /** How many requests it has taken. */
    public synchronized int applied() {
        return applied;
    }

    /** Takes no more requests; those it has taken go on. */
    public synchronized void remove() {
        times = 0;
    }

    /** Resets the connection before anything of the request reaches upstream. */
    public FaultRule refuse() {
        return does("refuse", ProxyExchange::reset);
    }

    /**
     * Forwards the head and so much of the request's body, then resets both sides. Upstream never gets the whole
     * request: the last byte, or the last chunk's end, is held back whatever the count, and a request without body is
     * not forwarded at all. The reset may overtake bytes on their way, so upstream reads at most so many.
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
     * Forwards once the latch is open. What the client had sent by then reaches upstream even if it has given up: a
     * late write.
     */
    public FaultRule delay(CountDownLatch latch) {
        return does("delay", exchange -> {
            latch.await();
            exchange.forward();
        });
    }

    /** Runs the hook when a request's head is there, before anything of it reaches upstream. */
    public FaultRule beforeForward(Hook hook) {
        return does("beforeForward", exchange -> {
            exchange.run(hook);
            exchange.forward();
        });
    }

    /** Runs the hook when upstream has answered, before the client sees anything of the answer. */
    public FaultRule afterReply(Hook hook) {
        return does("afterReply", exchange -> exchange.forwardThen(hook));
    }

    /**
     * Flips one bit of the body's first byte of content while forwarding; a body without content is an error of the
     * test, which {@link FaultProxy#close} reports. If the client sends a checksum or signs the body, upstream is going
     * to refuse it.
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

    /** Takes the request if it matches and the rule is not used up. */
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
