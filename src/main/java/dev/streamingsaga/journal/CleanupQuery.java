package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.annotation.PublicApi;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which clean-up entries to list, oldest first, and where the page begins.
 *
 * @param states only entries in one of these
 * @param step only entries of this step; empty: of all steps
 * @param from the entry before the first one of the page; empty: from the beginning
 * @param access only entries of sagas whose document it permits
 */
@PublicApi
public record CleanupQuery(Set<CleanupEntry.CleanupState> states, String step, String from, AccessLimit access) {

    public static final CleanupQuery ALL =
            new CleanupQuery(EnumSet.allOf(CleanupEntry.CleanupState.class), "", "", AccessLimit.NONE);
    public static final CleanupQuery OPEN =
            ALL.in(EnumSet.of(CleanupEntry.CleanupState.PENDING, CleanupEntry.CleanupState.BLOCKED));

    public CleanupQuery {
        states = Set.copyOf(states);
    }

    public CleanupQuery in(Set<CleanupEntry.CleanupState> only) {
        return new CleanupQuery(only, step, from, access);
    }

    public CleanupQuery ofStep(String only) {
        return new CleanupQuery(states, only, from, access);
    }

    /** Beginning with the entry after {@code cleanupId}. */
    public CleanupQuery after(String cleanupId) {
        return new CleanupQuery(states, step, cleanupId, access);
    }

    /**
     * Only entries of sagas whose document the limit permits, in place of another limit; the same if it permits all.
     */
    public CleanupQuery within(AccessLimit limit) {
        return limit.isUnlimited() ? this : new CleanupQuery(states, step, from, limit);
    }
}
