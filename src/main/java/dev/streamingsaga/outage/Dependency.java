package dev.streamingsaga.outage;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Locale;

/** What a saga depends on. */
@PublicApi
public enum Dependency {
    BUCKET,
    /** The journal or a store: they often share a server. */
    DATABASE,
    COORDINATOR,
    BROKER,
    /** It unwraps the keys of encrypted documents. */
    KEY_SERVICE,
    /** Any other server, such as that of an embedding model or of a store with a route of its own. */
    SERVER,
    /** The host of this process: its disk for temporary files, its memory, its processes. */
    HOST;

    /** For people: the constant in lower case, as words. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
