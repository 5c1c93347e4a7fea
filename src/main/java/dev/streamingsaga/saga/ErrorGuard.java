package dev.streamingsaga.saga;

import dev.streamingsaga.journal.Run;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.jspecify.annotations.Nullable;

/**
 * Makes an exchange fail whose processor threw an {@link Error}, memory that ran out for one, or, if it is an asynchronous one, threw at
 * all. Camel calls such a processor done and leaves what comes next in the queue of its thread: the saga would stand still until another
 * exchange uses that thread, then go on as if the store had been written, and end COMPLETED.
 *
 * <p>It looks at our own routes and, wherever they lead, at the exchanges of our sagas. All others pass as they always did. Routes that
 * were started before it was added are not seen.
 */
public final class ErrorGuard implements InterceptStrategy {
    private static final String STORE_CALL = "SagaStoreCall";

    private final String ownRoutes;

    /** @param ownRoutes what the ids of our own routes begin with */
    public ErrorGuard(String ownRoutes) {
        this.ownRoutes = ownRoutes;
    }

    /** Nothing happens if the context has one of the same routes already. */
    public void addTo(CamelContext context) {
        if (context.getCamelContextExtension().getInterceptStrategies().stream()
                .noneMatch(there -> there instanceof ErrorGuard guard && guard.ownRoutes.equals(ownRoutes))) {
            context.getCamelContextExtension().addInterceptStrategy(this);
        }
    }

    /** For an exchange that asks a store, and has no run. */
    static void mark(Exchange exchange) {
        exchange.setProperty(STORE_CALL, true);
    }

    private static boolean isOfSaga(Exchange exchange) {
        return exchange.getProperty(Run.PROPERTY) != null || exchange.getProperty(STORE_CALL) != null;
    }

    @Override
    public Processor wrapProcessorInInterceptors(CamelContext context, NamedNode definition, Processor target, @Nullable Processor next) {
        String route = ProcessorDefinitionHelper.getRouteId(definition);
        return new Guarded(target, route != null && route.startsWith(ownRoutes));
    }

    private static final class Guarded extends DelegateAsyncProcessor {
        private final boolean always;

        Guarded(Processor target, boolean always) {
            super(target);
            this.always = always;
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            if (!always && !isOfSaga(exchange)) {
                return super.process(exchange, callback);
            }
            Held held = new Held(callback);
            boolean sync;
            try {
                sync = super.process(exchange, held);
            } catch (RuntimeException | Error e) {
                exchange.setException(e);
                held.done(true);
                sync = true;
            }
            held.letGo();
            return sync;
        }
    }

    /** Tells nobody that a processor is done before it has returned: until then it may still throw. */
    private static final class Held implements AsyncCallback {
        private final AsyncCallback callback;
        private boolean returned;
        private boolean done;
        private boolean sync;

        Held(AsyncCallback callback) {
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

        void letGo() {
            boolean tell;
            synchronized (this) {
                returned = true;
                tell = done;
            }
            if (tell) {
                callback.done(sync);
            }
        }
    }
}
