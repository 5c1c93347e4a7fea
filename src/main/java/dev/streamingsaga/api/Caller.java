package dev.streamingsaga.api;

import java.util.EnumSet;
import java.util.Set;

/** Who called, and what that one may do. */
record Caller(String name, Set<Scope> scopes) {
    /** On loopback, where nobody has to say who they are. */
    static final Caller ANYBODY = new Caller("", EnumSet.allOf(Scope.class));

    boolean mayOperate() {
        return scopes.contains(Scope.OPERATE);
    }
}
