package dev.streamingsaga.access;

import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.audit.Actor;

/**
 * In whose name operations are done.
 *
 * @param actor recorded in the audit log
 * @param surface through which the operations come, such as {@code http}; recorded with them
 * @param limit documents that the actor may see
 */
@PublicApi
public record Access(Actor actor, String surface, AccessLimit limit) {
    /** Routes and beans of a hub, which may see everything. */
    public static final Access HUB = new Access(Actor.system("hub"), "hub", AccessLimit.NONE);

    /** The user of the command line, who may see everything: their process reads all files. */
    public static Access commandLine() {
        return new Access(Actor.osUser(), "cli", AccessLimit.NONE);
    }
}
