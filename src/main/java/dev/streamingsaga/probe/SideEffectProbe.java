package dev.streamingsaga.probe;

/**
 * Notified before and after every side effect, on the thread that causes it. Loaded once per process through
 * {@link java.util.ServiceLoader}; production has none. Must be thread-safe.
 */
public interface SideEffectProbe {
    /** Called once. If false, the probe is never called again and nothing is wrapped. */
    boolean active();

    /**
     * @param kind {@code journal} or the role of another database, {@code s3}, {@code coordinator}, {@code callback},
     *     {@code report}, {@code drop}
     * @param what the statement, request or file, with its ids, but without the values of a statement
     */
    void before(String kind, String what);

    /** Called also if the side effect failed. */
    void after(String kind, String what);
}
