package dev.streamingsaga.probe;

/**
 * Told of every side effect, on the thread that makes it, before and after. Found through
 * {@link java.util.ServiceLoader}, once for each process; production has none. Must be thread-safe.
 */
public interface SideEffectProbe {
    /** Asked once: false leaves everything unwrapped. */
    boolean active();

    /**
     * @param kind {@code journal} or the role of another database, {@code s3}, {@code coordinator}, {@code callback},
     *     {@code report}, {@code drop}
     * @param what the statement, request or file, with the ids that are in it, but without values of statements
     */
    void before(String kind, String what);

    /** Also if the side effect failed. */
    void after(String kind, String what);
}
