package dev.streamingsaga;

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

/** Routes by which documents come from outside: they hold parts of one opening of the bundle, and go with it. */
record IngestionEndpoint(CamelContext context, RouteBuilder builder) {
    private static final Logger LOG = LoggerFactory.getLogger(IngestionEndpoint.class);

    /** Takes in nothing more; what has come is gone on with. */
    void suspend() {
        Set<String> ids =
                definitions().stream().map(RouteDefinition::getRouteId).collect(Collectors.toSet());
        context.getRoutes().stream()
                .filter(route -> ids.contains(route.getRouteId()))
                .forEach(IngestionEndpoint::suspend);
        if (builder instanceof AutoCloseable api) {
            try {
                api.close();
            } catch (Exception e) {
                LOG.warn("{} goes on answering until it is stopped: {}", api, e.toString());
            }
        }
    }

    private static void suspend(Route route) {
        try {
            ServiceHelper.suspendService(route.getConsumer());
        } catch (RuntimeException e) {
            LOG.warn("route {} goes on taking documents in until it is stopped: {}", route.getRouteId(), e.toString());
        }
    }

    private List<RouteDefinition> definitions() {
        return List.copyOf(builder.getRouteCollection().getRoutes());
    }

    /** Takes the routes out of a context that has stopped: they would lead into what is closed. */
    void remove() throws Exception {
        OwnRoutes.remove(context, definitions());
    }
}
