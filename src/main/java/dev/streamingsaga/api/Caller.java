package dev.streamingsaga.api;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.audit.Actor;
import java.util.EnumSet;
import java.util.Set;

/**
 * The caller of an operation, with its scopes.
 *
 * @param limit documents that exist for the caller
 */
record Caller(String name, Set<Scope> scopes, Actor actor, AccessLimit limit) {
    private static final String SURFACE = "http";

    /** The caller on loopback, where no credentials are needed. */
    static final Caller ANONYMOUS = new Caller("", EnumSet.allOf(Scope.class), Actor.local(SURFACE), AccessLimit.NONE);

    boolean mayOperate() {
        return scopes.contains(Scope.OPERATE);
    }

    Access access() {
        return new Access(actor, SURFACE, limit);
    }
}
