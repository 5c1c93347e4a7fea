package dev.streamingsaga.journal;

import java.util.List;

/** Names of the built-in stores. The step that writes a store has the store's name. */
public final class StoreNames {
    /** The bucket. It is always written, and so is no participant that can be configured. */
    public static final String UPLOAD = "upload";

    public static final String SECURITY = "security";
    public static final String VECTOR = "vector";
    public static final String GRAPH = "graph";
    public static final String RELATIONAL = "relational";

    /**
     * Participants whose routes this project provides, in the order they are written by default. The user provides the
     * routes of all others.
     */
    public static final List<String> BUILT_IN = List.of(SECURITY, VECTOR, GRAPH, RELATIONAL);

    private StoreNames() {}
}
