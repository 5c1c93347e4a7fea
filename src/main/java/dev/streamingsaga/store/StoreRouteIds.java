package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.RouteDefinition;

/** Ids and endpoints of the routes of one built-in store, whatever its database is. */
record StoreRouteIds(SagaConfig config, String store) {

    /** Route id; {@code suffix} is one of {@link RouteNames}. */
    String route(String suffix) {
        return config.id(RouteNames.store(store, suffix));
    }

    String direct(String suffix) {
        return config.direct(RouteNames.store(store, suffix));
    }

    /** Begins a route of the store, in the store's group. */
    RouteDefinition from(RouteBuilder routes, String suffix) {
        return routes.from(direct(suffix)).routeId(route(suffix)).routeGroup(route(RouteNames.WRITE));
    }
}
