package dev.streamingsaga.saga;

import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.jspecify.annotations.Nullable;

/**
 * Fails an exchange whose processor threw an {@link Error}, such as an OutOfMemoryError, or whose asynchronous
 * processor threw at all. Camel considers such a processor done and leaves the next one in the queue of its thread. The
 * saga would stop, and if another exchange used that thread, continue as if the store had been written, and end
 * COMPLETED.
 *
 * <p>It guards the exchanges of sagas in all routes, and no other exchanges. It does not cover routes that were built
 * before it was added, and endpoints that a route chooses at run time, as a recipient list does. There the exchange is
 * lost, but its thread is never used again, and the saga is compensated at its time limit, which answers the caller.
 */
public final class ErrorGuard implements InterceptStrategy {
    private static final String GUARDED = "SagaGuarded";

    /** Routes and not their ids: a context that is stopped and started again rebuilds them, with this guard. */
    private final Set<Route> builtBefore = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private ErrorGuard(Collection<Route> builtBefore) {
        this.builtBefore.addAll(builtBefore);
    }

    /** Adds a guard unless the context has one already; all guards are equivalent. */
    public static void addTo(CamelContext context) {
        if (of(context).isEmpty()) {
            context.getCamelContextExtension().addInterceptStrategy(new ErrorGuard(context.getRoutes()));
        }
    }

    /** Whether the context had a guard when the route was built. */
    static boolean covers(CamelContext context, Route route) {
        return of(context).filter(guard -> !guard.builtBefore.contains(route)).isPresent();
    }

    private static Optional<ErrorGuard> of(CamelContext context) {
        return context.getCamelContextExtension().getInterceptStrategies().stream()
                .filter(ErrorGuard.class::isInstance)
                .map(ErrorGuard.class::cast)
                .findAny();
    }

    /** Guards this exchange and its copies from now on. */
    public static void mark(Exchange exchange) {
        exchange.setProperty(GUARDED, true);
    }

    @Override
    public Processor wrapProcessorInInterceptors(
            CamelContext context, NamedNode definition, Processor target, @Nullable Processor next) {
        return new Guarded(target);
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
