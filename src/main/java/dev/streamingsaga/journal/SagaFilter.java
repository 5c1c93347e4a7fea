package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.Optional;

/**
 * Exact conditions on sagas. All of them must hold.
 *
 * @param name the file name, exactly; with {@code *} in place of any characters it is compared in upper or lower case;
 *     empty: any
 * @param reason why it failed
 * @param owner the owner in its security record, exactly; empty: any
 * @param receivedFrom received at this time or later
 * @param receivedBefore received before this time
 * @param warned with at least one warning about the text of its document
 * @param warning with a warning of this kind
 * @param access only documents that it permits
 */
@PublicApi
public record SagaFilter(
        String name,
        Optional<Reason> reason,
        String owner,
        Optional<Instant> receivedFrom,
        Optional<Instant> receivedBefore,
        boolean warned,
        Optional<WarningCode> warning,
        AccessLimit access) {

    public static final SagaFilter NONE = new SagaFilter(
            "", Optional.empty(), "", Optional.empty(), Optional.empty(), false, Optional.empty(), AccessLimit.NONE);

    public SagaFilter named(String fileName) {
        return new SagaFilter(fileName, reason, owner, receivedFrom, receivedBefore, warned, warning, access);
    }

    public SagaFilter failedFor(Reason only) {
        return new SagaFilter(name, Optional.of(only), owner, receivedFrom, receivedBefore, warned, warning, access);
    }

    public SagaFilter ownedBy(String only) {
        return new SagaFilter(name, reason, only, receivedFrom, receivedBefore, warned, warning, access);
    }

    public SagaFilter receivedFrom(Instant time) {
        return new SagaFilter(name, reason, owner, Optional.of(time), receivedBefore, warned, warning, access);
    }

    public SagaFilter receivedBefore(Instant time) {
        return new SagaFilter(name, reason, owner, receivedFrom, Optional.of(time), warned, warning, access);
    }

    /** With any warning. */
    public SagaFilter withWarnings() {
        return new SagaFilter(name, reason, owner, receivedFrom, receivedBefore, true, Optional.empty(), access);
    }

    public SagaFilter withWarning(WarningCode only) {
        return new SagaFilter(name, reason, owner, receivedFrom, receivedBefore, true, Optional.of(only), access);
    }

    /** Only documents that the limit permits, in place of another limit; the same if it permits all. */
    public SagaFilter within(AccessLimit limit) {
        return limit.isUnlimited()
                ? this
                : new SagaFilter(name, reason, owner, receivedFrom, receivedBefore, warned, warning, limit);
    }
}
