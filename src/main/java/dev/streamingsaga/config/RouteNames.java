package dev.streamingsaga.config;

/**
 * Names of routes without the name of the instance, which {@link SagaConfig#direct} and {@link SagaConfig#id} add. A
 * store's route is {@link #store} with one of the suffixes.
 */
public final class RouteNames {
    /** Entry point for files. */
    public static final String INGEST = "ingest";

    /** Another run of a saga that was taken over. */
    public static final String RESUME = "resume";

    /** All steps of one run. */
    public static final String RUN = "run";

    public static final String MANIFEST = "manifest";

    /** For stores of users: the verified bytes of the document as a stream. */
    public static final String CONTENT = "content";

    /** Of the operator; optional. */
    public static final String ALERT = "alert";

    /** Of the operator; optional. Receives the entries of the audit log. */
    public static final String AUDIT = "audit";

    /** The write of a store has no suffix. */
    public static final String WRITE = "";

    public static final String COMPENSATE = "-compensate";
    public static final String COUNT = "-count";
    public static final String COMPLETE = "-complete";

    /** The reverse of {@link #COMPLETE}: hides a document that is being deleted. */
    public static final String HIDE = "-hide";

    /** One transaction of a write. */
    public static final String BATCH = "-batch";

    /** Lists the sagas that have data in the store. */
    public static final String SAGAS = "-sagas";

    /** Returns what the store holds of a saga. */
    public static final String INSPECT = "-inspect";

    /** Begins the names of a store's routes, and of the files with routes of the user's own stores. */
    public static final String STORE_PREFIX = "store-";

    private static final String PARTICIPANT_PREFIX = "participant-";

    private RouteNames() {}

    public static String store(String store, String suffix) {
        return STORE_PREFIX + store + suffix;
    }

    /** The route that makes a store a participant of the saga. */
    public static String participant(String store) {
        return PARTICIPANT_PREFIX + store;
    }
}
