package dev.streamingsaga.api;

import java.util.List;
import org.apache.camel.Consumer;
import org.apache.camel.Route;
import org.apache.camel.support.RoutePolicySupport;
import org.apache.camel.support.service.ServiceHelper;

/**
 * Keeps some routes behind all others. Vert.x offers a request to the routes in the order of their start, so a route
 * that takes every path would take the requests of a route that is started again later.
 */
final class LastRoutes extends RoutePolicySupport {
    private final List<String> ids;

    /** @param ids of the routes that must stay last */
    LastRoutes(List<String> ids) {
        this.ids = ids;
    }

    /** Starts the last routes again, if they were started before this one. */
    @Override
    public synchronized void onStart(Route started) {
        for (String id : ids) {
            Route last = started.getCamelContext().getRoute(id);
            if (last != null && ServiceHelper.isStarted(last.getConsumer())) {
                restart(last.getConsumer());
            }
        }
    }

    private static void restart(Consumer consumer) {
        ServiceHelper.stopService(consumer);
        ServiceHelper.startService(consumer);
    }
}
