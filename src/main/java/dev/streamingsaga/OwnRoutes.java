package dev.streamingsaga;

import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.builder.RouteBuilderLifecycleStrategy;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;

/** Records the routes that are built while it is open: the instance's own. It excludes them from the hub's
* {@code routeConfiguration()}, which would handle the saga's exceptions, and removes them when the instance closes.
 */
final class OwnRoutes implements RouteBuilderLifecycleStrategy, AutoCloseable {
    /** No route configuration has this id. A route that names a configuration gets no global ones. */
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

    /** Stops recording: routes built from now on are the hub's. */
    @Override
    public void close() {
        context.getRegistry().unbind(bean);
    }

    /** Removes the routes from a stopped context, so that the next start can build new ones. */
    void remove() throws Exception {
        remove(context, List.copyOf(routes));
        routes.clear();
    }

    static void remove(CamelContext context, List<RouteDefinition> routes) throws Exception {
        for (RouteDefinition route : routes) {
            // removeRouteDefinitions() would otherwise stop the route again, and wait for it.
            context.removeRoute(route.getRouteId());
        }
        ((ModelCamelContext) context).removeRouteDefinitions(routes);
    }

    /** Marks each route when it is added: after the builder has run, the hub's configurations are already applied. */
    private static final class Marking extends ArrayList<RouteDefinition> {
        @Override
        public boolean add(RouteDefinition route) {
            return super.add(route.routeConfigurationId(NO_CONFIGURATION));
        }
    }
}
