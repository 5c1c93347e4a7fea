package dev.streamingsaga.outage;

/**
 * This host cannot do a part of its work for now: it lacks disk space, memory or processes, or a process of it is
 * stopping. A transient failure, which is nobody's fault: another attempt may succeed.
 */
public final class HostUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what is missing, and what to do */
    public HostUnavailableException(String message) {
        super(message);
    }

    /** As above. */
    public HostUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
