package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;

/**
 * Who did something.
 *
 * @param id name of the key, subject of the token, name of the operating-system user, or part of the system
 */
@PublicApi
public record Actor(ActorKind kind, String id) {
    /** How an actor was identified. */
    public enum ActorKind {
        /** An API key, by its name. */
        KEY,
        /** A token of the OpenID provider, by its subject. */
        TOKEN,
        /** The user who runs this process. */
        OS_USER,
        /** This program itself, or routes of a hub. */
        SYSTEM,
        /** A message of a broker. */
        MESSAGE,
        /** A caller on this machine, where no credentials are needed. */
        LOCAL
    }

    public static Actor key(String name) {
        return new Actor(ActorKind.KEY, name);
    }

    public static Actor token(String subject) {
        return new Actor(ActorKind.TOKEN, subject);
    }

    /** The user who runs this process, as the operating system names them. */
    public static Actor osUser() {
        return new Actor(ActorKind.OS_USER, System.getProperty("user.name", "unknown"));
    }

    /** @param part of the program, such as {@code drop-folder} */
    public static Actor system(String part) {
        return new Actor(ActorKind.SYSTEM, part);
    }

    /** @param source where the message came from, such as the name of its queue */
    public static Actor message(String source) {
        return new Actor(ActorKind.MESSAGE, source);
    }

    /** @param surface through which the caller came, such as {@code http} */
    public static Actor local(String surface) {
        return new Actor(ActorKind.LOCAL, surface);
    }

    @Override
    public String toString() {
        return kind + ":" + id;
    }
}
