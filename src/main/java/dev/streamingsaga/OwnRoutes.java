package dev.streamingsaga;

import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.builder.RouteBuilderLifecycleStrategy;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;

/**
 * Sees every route that is built while it is open: they are the bundle's own. It keeps the hub's {@code routeConfiguration()}
 * from them, which would handle exceptions that are the saga's, and knows what to remove when the bundle closes.
 */
final class OwnRoutes implements RouteBuilderLifecycleStrategy, AutoCloseable {
    /** No configuration has this id: a route that names one gets no global ones. */
    private static final String NO_CONFIGURATION = "streaming-saga-routes-have-none";

    private final CamelContext context;
    private final String bean;
    private final List<RouteDefinition> routes = new ArrayList<>();

    private OwnRoutes(CamelContext context, String bean) {
        this.context = context;
        this.bean = bean;
    }

    static OwnRoutes watch(CamelContext context, String name) {
        OwnRoutes own = new OwnRoutes(context, name + "-own-routes");
        context.getRegistry().bind(own.bean, own);
        return own;
    }

    @Override
    public void beforeConfigure(RouteBuilder builder) {
        builder.getRouteCollection().setRoutes(new Marking());
    }

    @Override
    public void afterConfigure(RouteBuilder builder) {
        routes.addAll(builder.getRouteCollection().getRoutes());
    }

    /** Nothing built from now on is ours. */
    @Override
    public void close() {
        context.getRegistry().unbind(bean);
    }

    /** Takes the routes out of a context that has stopped, so that it can be started with new ones. */
    void remove() throws Exception {
        remove(context, List.copyOf(routes));
        routes.clear();
    }

    static void remove(CamelContext context, List<RouteDefinition> routes) throws Exception {
        for (RouteDefinition route : routes) {
            // Stopped already: what removes a definition would otherwise stop it once more, and wait for that.
            context.removeRoute(route.getRouteId());
        }
        ((ModelCamelContext) context).removeRouteDefinitions(routes);
    }

    /** Marks each route as it comes in: when all are configured, the hub's configurations are in them already. */
    private static final class Marking extends ArrayList<RouteDefinition> {
        @Override
        public boolean add(RouteDefinition route) {
            return super.add(route.routeConfigurationId(NO_CONFIGURATION));
        }
    }
}
