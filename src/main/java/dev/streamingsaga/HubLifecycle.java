package dev.streamingsaga;

import org.apache.camel.CamelContext;
import org.apache.camel.StartupListener;
import org.apache.camel.support.LifecycleStrategySupport;

/**
 * Opens a bundle with the context it was added to and closes it with that, as often as the context is started. It opens
 * before routes are made, checks before the first consumer starts, and recovers when all have.
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
            throw new IllegalStateException("instance " + bundle.name() + " can't be opened: " + e.getMessage(), e);
        }
    }

    /** To a started context nobody can listen any more: to be called before. */
    void listen(CamelContext context) throws Exception {
        if (!listening) {
            listening = true;
            context.addStartupListener(this);
        }
    }

    /** Also called for each route that is added later: then all is checked already. */
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
