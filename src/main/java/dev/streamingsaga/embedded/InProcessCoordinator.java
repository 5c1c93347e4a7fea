package dev.streamingsaga.embedded;

import dev.streamingsaga.lra.CoordinatorResponse;
import dev.streamingsaga.lra.LocalCoordinator;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jboss.resteasy.mock.MockHttpRequest;
import org.jboss.resteasy.mock.MockHttpResponse;
import org.jboss.resteasy.spi.Dispatcher;

/**
 * Calls the REST interface of the embedded coordinator without a connection. Needs no secret, since only code of this
 * process can call it; the limit on open LRAs applies as it does in {@link CoordinatorGate}.
 */
final class InProcessCoordinator implements LocalCoordinator {
    private final Dispatcher coordinator;
    private final URI base;
    private final OpenLras lras;
    private volatile boolean closed;

    /** @param base URL below which the coordinator has its path; part of every LRA id */
    InProcessCoordinator(Dispatcher coordinator, URI base, OpenLras lras) {
        this.coordinator = coordinator;
        this.base = base;
        this.lras = lras;
    }

    @Override
    public CoordinatorResponse answer(CoordinatorCall call) throws IOException {
        if (closed) {
            throw new IOException("the embedded coordinator has stopped");
        }
        if (!call.method().equals("POST")) {
            return dispatch(call);
        }
        // A POST always begins an LRA.
        if (!lras.reserve()) {
            return new CoordinatorResponse(StatusCodes.SERVICE_UNAVAILABLE, Map.of(), "TooManyLRAs");
        }
        try {
            return dispatch(call);
        } finally {
            lras.release();
        }
    }

    private CoordinatorResponse dispatch(CoordinatorCall call) throws IOException {
        MockHttpRequest request =
                MockHttpRequest.create(call.method(), call.uri(), base).content(new byte[0]);
        call.headers().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        MockHttpResponse response = new MockHttpResponse();
        coordinator.invoke(request, response);
        return new CoordinatorResponse(response.getStatus(), headers(response), response.getContentAsString());
    }

    private static Map<String, List<String>> headers(MockHttpResponse response) {
        return response.getOutputHeaders().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        header ->
                                header.getValue().stream().map(String::valueOf).toList()));
    }

    /** Refuses further calls. */
    void close() {
        closed = true;
    }
}
