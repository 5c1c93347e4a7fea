package dev.streamingsaga.lra;

import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.lra.CallbackToken.Target;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Has the coordinator call a listener: begins an LRA, joins it, cancels it and waits for the call. After that call
 * nothing remains in the coordinator.
 */
final class CallbackTrial {
    /** The id of no saga. */
    static final String SAGA_ID = "0000000000000000000doctor0";

    private static final int MAX_RUN = 999_999_999;

    private final CoordinatorClient coordinator;
    private final CallbackListener listener;
    private final Duration limit;

    /** @param limit for the call to arrive */
    CallbackTrial(CoordinatorClient coordinator, CallbackListener listener, Duration limit) {
        this.coordinator = coordinator;
        this.listener = listener;
        this.limit = limit;
    }

    /** @throws UnavailableException if the call does not arrive: the coordinator calls somewhere else, or nobody */
    void run() throws InterruptedException {
        Target target = new Target(SAGA_ID, ThreadLocalRandom.current().nextInt(1, MAX_RUN), "doctor");
        CountDownLatch called = listener.expect(target);
        String lra = coordinator.begin().toString();
        coordinator.join(lra, lra, listener.tokens().issue(target), false);
        coordinator.cancel(lra);
        if (!called.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new UnavailableException(
                    "the coordinator began an LRA, but after the cancel its callback did not arrive at "
                            + listener.uri() + " within " + limit.toSeconds()
                            + " s (check saga.callback.url, or saga.callback.host and port: each node needs an address"
                            + " of its own that the coordinator can reach); it keeps retrying for " + lra,
                    null);
        }
    }
}
