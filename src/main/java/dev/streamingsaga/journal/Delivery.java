package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.Optional;

/**
 * Which attempt to deliver its document a saga is, and whether another one follows.
 *
 * @param id the first saga of the document; all attempts have it
 * @param attempt 1 for the first saga
 * @param endpoint which delivers the document again after a transient failure; empty: the caller of the saga decides
 * @param redelivery what follows a saga that was compensated for a transient reason; empty: nothing
 * @param next when the redelivery is due, or given up if the saga still has residue then; empty if none is pending
 */
@PublicApi
public record Delivery(
        String id, int attempt, Optional<Endpoint> endpoint, Optional<Redelivery> redelivery, Optional<Instant> next) {

    /** Ingestion endpoints that deliver documents again. */
    public enum Endpoint {
        HTTP,
        DROP_FOLDER,
        JMS
    }

    /** What follows a saga that was compensated for a transient reason. */
    public enum Redelivery {
        /** Waits until the residue of the saga is gone. */
        AFTER_CLEANUP,
        /** The document is delivered again at {@link Delivery#next}. */
        DUE,
        /** The document was delivered again. */
        STARTED,
        /** Another saga has the document, or the file has changed. */
        REPLACED,
        /** An operator cancelled the redelivery. */
        CANCELLED,
        /** The number of redeliveries, or their time, is used up. */
        GIVEN_UP
    }

    /** Whether the document will be delivered again: its source must be kept. */
    public boolean isPending() {
        return redelivery
                .filter(now -> now == Redelivery.DUE || now == Redelivery.AFTER_CLEANUP)
                .isPresent();
    }

    /** Whether the document is to be delivered again at {@link #next}. */
    public boolean isDue() {
        return redelivery.filter(Redelivery.DUE::equals).isPresent();
    }
}
