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
 * Makes an exchange fail whose processor threw an {@link Error}, memory that ran out for one, or, if it is an
 * asynchronous one, threw at all. Camel calls such a processor done and leaves what comes next in the queue of its
 * thread: the saga would stand still, and if another exchange used that thread, go on as if the store had been written,
 * and end COMPLETED.
 *
 * <p>Wherever they lead, the exchanges of our sagas are looked at; all others pass as they always did. Not seen: routes
 * that were built before it was added, and endpoints that a route chooses by itself (recipient lists and the like).
 * There the exchange is lost, but its thread is never used again, and the time limit undoes the saga and answers its
 * caller.
 */
public final class ErrorGuard implements InterceptStrategy {
    private static final String MARK = "SagaGuarded";

    /** Not their ids: a context that is stopped and started again builds them anew, with it. */
    private final Set<Route> builtBefore = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private ErrorGuard(Collection<Route> builtBefore) {
        this.builtBefore.addAll(builtBefore);
    }

    /** Nothing happens if the context has one already: they are all alike. */
    public static void addTo(CamelContext context) {
        if (of(context).isEmpty()) {
            context.getCamelContextExtension().addInterceptStrategy(new ErrorGuard(context.getRoutes()));
        }
    }

    /** Whether the context has one, and had it when the route was built. */
    static boolean covers(CamelContext context, Route route) {
        return of(context).filter(guard -> !guard.builtBefore.contains(route)).isPresent();
    }

    private static Optional<ErrorGuard> of(CamelContext context) {
        return context.getCamelContextExtension().getInterceptStrategies().stream()
                .filter(ErrorGuard.class::isInstance)
                .map(ErrorGuard.class::cast)
                .findAny();
    }

    /** From now on this exchange, and what is copied from it, is looked at. */
    public static void mark(Exchange exchange) {
        exchange.setProperty(MARK, true);
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
            if (exchange.getProperty(MARK) == null) {
                return super.process(exchange, callback);
            }
            ErrorGuard.DeferredCallback held = new ErrorGuard.DeferredCallback(callback);
            boolean sync;
            try {
                sync = super.process(exchange, held);
            } catch (Throwable e) {
                exchange.setException(e);
                held.done(true);
                return held.release();
            }
            held.release();
            return sync;
        }
    }

    /** Tells nobody that a processor is done before it has returned: until then it may still throw. */
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
                    return; // before it threw
                }
                done = true;
                sync = doneSync;
                if (!returned) {
                    return;
                }
            }
            callback.done(doneSync);
        }

        /** @return whether it was done synchronously, as far as is known by now */
        boolean release() {
            boolean tell;
            boolean how;
            synchronized (this) {
                returned = true;
                tell = done;
                how = sync;
            }
            if (tell) {
                callback.done(how);
            }
            return how;
        }
    }
}
