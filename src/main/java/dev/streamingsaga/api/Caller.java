package dev.streamingsaga.api;

import java.util.EnumSet;
import java.util.Set;

/** The caller of an operation, with its scopes. */
record Caller(String name, Set<Scope> scopes) {
    /** The caller on loopback, where no credentials are needed. */
    static final Caller ANONYMOUS = new Caller("", EnumSet.allOf(Scope.class));

    boolean mayOperate() {
        return scopes.contains(Scope.OPERATE);
    }
}
