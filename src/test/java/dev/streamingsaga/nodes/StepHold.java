package dev.streamingsaga.nodes;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.EventNotifierSupport;

/** Holds one saga for each step, before the step begins. */
final class StepHold extends EventNotifierSupport {
    private static final int LIMIT_SECONDS = 120;

    private record Armed(String endpoint, CountDownLatch reached) {}

    private final AtomicReference<Armed> armed = new AtomicReference<>();
    private final CountDownLatch release = new CountDownLatch(1);

    /** The next saga that comes to this endpoint is held. */
    CountDownLatch arm(String endpoint) {
        CountDownLatch reached = new CountDownLatch(1);
        armed.set(new Armed(endpoint, reached));
        return reached;
    }

    void release() {
        release.countDown();
    }

    @Override
    public void notify(CamelEvent event) throws InterruptedException {
        Armed now = armed.get();
        if (now != null
                && event instanceof CamelEvent.ExchangeSendingEvent sending
                && sending.getEndpoint().getEndpointUri().equals(now.endpoint())
                && armed.compareAndSet(now, null)) {
            now.reached().countDown();
            release.await(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
    }
}
