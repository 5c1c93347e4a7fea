package dev.streamingsaga.observe;

import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.telemetry.decorators.PlatformHttpSpanDecorator;

/**
 * Names the span of a request by its operation, {@code PUT /api/documents/{name}}, if its route has the property
 * {@value #ROUTE}. camel-telemetry loads this class as a service.
 */
public final class HttpSpans extends PlatformHttpSpanDecorator {
    private static final String ROUTE = "http.route";

    @Override
    public String getOperationName(Exchange exchange, Endpoint endpoint) {
        String method = super.getOperationName(exchange, endpoint);
        String id = exchange.getFromRouteId();
        Route route = id == null ? null : exchange.getContext().getRoute(id);
        Object path = route == null ? null : route.getProperties().get(ROUTE);
        return path == null ? method : method + " " + path;
    }
}
