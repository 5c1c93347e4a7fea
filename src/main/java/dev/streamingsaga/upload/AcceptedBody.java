package dev.streamingsaga.upload;

import dev.streamingsaga.journal.ActiveRun;
import org.apache.camel.Exchange;

/** A complete body whose saga has not been started yet. */
public final class AcceptedBody {
    private final ActiveRun run;

    AcceptedBody(ActiveRun run) {
        this.run = run;
    }

    public String sagaId() {
        return run.sagaId();
    }

    /** Makes it the body of a message, for the route {@code direct:<name>-resume}, which runs the saga. */
    public void to(Exchange exchange) {
        exchange.getMessage().setBody(run);
    }
}
