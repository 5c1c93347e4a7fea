package dev.streamingsaga;

import org.apache.camel.CamelContext;
import org.apache.camel.StartupListener;
import org.apache.camel.support.LifecycleStrategySupport;

/**
 * Ties an instance to the life cycle of its Camel context. Each time the context starts, it opens the instance before
 * routes are built, checks it before the first consumer starts, and starts recovery after the last. It closes the
 * instance when the context has stopped.
 */
final class HubLifecycle extends LifecycleStrategySupport implements StartupListener {
    private final StreamingSaga bundle;
    private boolean listening;

    HubLifecycle(StreamingSaga bundle) {
        this.bundle = bundle;
    }

    @Override
    public void onContextInitializing(CamelContext context) {
        try {
            bundle.open(context);
            listen(context);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("instance " + bundle.name() + " cannot be opened: " + e.getMessage(), e);
        }
    }

    /** To be called before the context has started: a started context accepts no startup listener. */
    void listen(CamelContext context) throws Exception {
        if (!listening) {
            listening = true;
            context.addStartupListener(this);
        }
    }

    /** Camel also calls this for each route that is added later, when the instance has been checked already. */
    @Override
    public void onCamelContextStarted(CamelContext context, boolean alreadyStarted) {
        if (!alreadyStarted) {
            bundle.checkInHub();
        }
    }

    @Override
    public void onCamelContextFullyStarted(CamelContext context, boolean alreadyStarted) {
        bundle.recover();
    }

    @Override
    public void onContextStopping(CamelContext context) {
        bundle.drain();
    }

    @Override
    public void onContextStopped(CamelContext context) {
        bundle.close();
    }
}
