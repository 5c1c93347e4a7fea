package dev.streamingsaga;

import dev.streamingsaga.api.ApiRoutes;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.support.service.ServiceHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes that receive documents from outside. They use components of the open instance, and are removed when it closes.
 */
record IngestionEndpoint(CamelContext context, RouteBuilder builder) {
    private static final Logger LOG = LoggerFactory.getLogger(IngestionEndpoint.class);

    /** Stops receiving documents; those already received continue. The HTTP API continues answering other requests. */
    void refuseDocuments() {
        if (builder instanceof ApiRoutes api) {
            api.refuseDocuments();
        } else {
            suspendConsumers();
        }
    }

    /** As {@link #refuseDocuments}, and stops answering requests. */
    void suspend() {
        suspendConsumers();
        if (builder instanceof AutoCloseable api) {
            try {
                api.close();
            } catch (Exception e) {
                LOG.warn("{} continues answering until it is stopped: {}", api, e.toString());
            }
        }
    }

    private void suspendConsumers() {
        Set<String> ids =
                definitions().stream().map(RouteDefinition::getRouteId).collect(Collectors.toSet());
        context.getRoutes().stream()
                .filter(route -> ids.contains(route.getRouteId()) && receives(route))
                .forEach(IngestionEndpoint::suspend);
    }

    /** Whether documents enter here; other routes continue with those already received. */
    private static boolean receives(Route route) {
        return !route.getEndpoint().getEndpointUri().startsWith("direct:");
    }

    private static void suspend(Route route) {
        try {
            ServiceHelper.suspendService(route.getConsumer());
        } catch (RuntimeException e) {
            LOG.warn(
                    "cannot suspend route {}, which keeps receiving documents until it is stopped: {}",
                    route.getRouteId(),
                    e.toString());
        }
    }

    /**
     * Suspends the consumers while something that sagas depend on is down: files stay in their folder, messages with
     * their broker. The HTTP API continues: it answers by itself that it accepts nothing.
     */
    void accept(boolean accepting) {
        if (builder instanceof ApiRoutes) {
            return;
        }
        for (RouteDefinition definition : definitions()) {
            Route route = context.getRoute(definition.getRouteId());
            if (route != null && accepting) {
                ServiceHelper.resumeService(route.getConsumer());
            } else if (route != null) {
                suspend(route);
            }
        }
    }

    private List<RouteDefinition> definitions() {
        return List.copyOf(builder.getRouteCollection().getRoutes());
    }

    /** Removes the routes from a stopped context: they refer to closed components. */
    void remove() throws Exception {
        OwnRoutes.remove(context, definitions());
    }
}
