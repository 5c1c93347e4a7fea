package dev.streamingsaga.saga;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.jspecify.annotations.Nullable;

/**
 * Fails an exchange whose processor threw an {@link Error}, such as an OutOfMemoryError, or whose asynchronous
 * processor threw at all. Camel considers such a processor done and leaves the next one in the queue of its thread. The
 * saga would stop, and if another exchange used that thread, continue as if the store had been written, and end
 * COMPLETED.
 *
 * <p>It guards the exchanges of sagas, and no other exchanges, in the routes of one instance: those whose id or input
 * begins with the instance's name, {@code direct:<name>-store-…} of the participants among them, and those that a
 * participant's route calls with {@code to("direct:…")}, directly or through another. No other route is touched.
 *
 * <p>It does not cover routes that were built before it was added, routes that are called in other ways, and endpoints
 * that a route chooses at run time, as a recipient list does. There the exchange is lost, but its thread is never used
 * again, and the saga is compensated at its time limit, which answers the caller.
 */
public final class ErrorGuard implements InterceptStrategy, AutoCloseable {
    private static final String GUARDED = "SagaGuarded";

    private final ModelCamelContext context;
    private final InstanceRoutes routes;

    /** By route id, whether a route is guarded. Routes that were built before this guard was added are absent. */
    private final Map<String, Boolean> built = new ConcurrentHashMap<>();

    private ErrorGuard(ModelCamelContext context, String name) {
        this.context = context;
        this.routes = new InstanceRoutes(context, name);
    }

    /**
     * Guards the routes of an instance that are built from now on, until the guard is closed.
     *
     * @param name of the instance
     */
    public static ErrorGuard addTo(CamelContext context, String name) {
        ErrorGuard guard = new ErrorGuard((ModelCamelContext) context, name);
        context.getCamelContextExtension().addInterceptStrategy(guard);
        return guard;
    }

    /** Removes the guard from the context. Routes that were built with it keep it until they are built again. */
    @Override
    public void close() {
        context.getCamelContextExtension().getInterceptStrategies().remove(this);
    }

    /** Whether the route was built with a guard. */
    static boolean covers(CamelContext context, Route route) {
        return context.getCamelContextExtension().getInterceptStrategies().stream()
                .filter(ErrorGuard.class::isInstance)
                .map(ErrorGuard.class::cast)
                .anyMatch(guard -> guard.built.getOrDefault(route.getRouteId(), false));
    }

    /** Guards this exchange and its copies from now on. */
    public static void mark(Exchange exchange) {
        exchange.setProperty(GUARDED, true);
    }

    @Override
    public Processor wrapProcessorInInterceptors(
            CamelContext context, NamedNode definition, Processor target, @Nullable Processor next) {
        RouteDefinition route = ProcessorDefinitionHelper.getRoute(definition);
        return route != null && built.computeIfAbsent(route.getRouteId(), id -> routes.contain(route))
                ? new Guarded(target)
                : target;
    }

    private static final class Guarded extends DelegateAsyncProcessor {
        Guarded(Processor target) {
            super(target);
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            if (exchange.getProperty(GUARDED) == null) {
                return super.process(exchange, callback);
            }
            ErrorGuard.DeferredCallback deferred = new ErrorGuard.DeferredCallback(callback);
            boolean sync;
            try {
                sync = super.process(exchange, deferred);
            } catch (Throwable e) {
                exchange.setException(e);
                deferred.done(true);
                return deferred.release();
            }
            deferred.release();
            return sync;
        }
    }

    /** Defers the callback until the processor has returned, since it may still throw before. */
    private static final class DeferredCallback implements AsyncCallback {
        private final AsyncCallback callback;
        private boolean returned;
        private boolean done;
        private boolean sync;

        DeferredCallback(AsyncCallback callback) {
            this.callback = callback;
        }

        @Override
        public void done(boolean doneSync) {
            synchronized (this) {
                if (done) {
                    return; // called back before it threw
                }
                done = true;
                sync = doneSync;
                if (!returned) {
                    return;
                }
            }
            callback.done(doneSync);
        }

        /** @return whether it was done synchronously, as far as is known */
        boolean release() {
            boolean notify;
            boolean doneSync;
            synchronized (this) {
                returned = true;
                notify = done;
                doneSync = sync;
            }
            if (notify) {
                callback.done(doneSync);
            }
            return doneSync;
        }
    }
}
