package dev.streamingsaga.lra;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;

/** A coordinator in this process, called without a connection. Thread-safe. */
@FunctionalInterface
public interface LocalCoordinator {
    /** A request as it would be sent by HTTP. It has no body. */
    record CoordinatorCall(String method, URI uri, Map<String, List<String>> headers) {}

    /**
     * Answers as the coordinator would by HTTP.
     *
     * @throws IOException if the coordinator has stopped
     */
    CoordinatorResponse answer(CoordinatorCall call) throws IOException;
}
