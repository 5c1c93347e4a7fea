package dev.streamingsaga.bench;

import java.util.Optional;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.spi.CamelEvent.ExchangeSendingEvent;
import org.apache.camel.spi.CamelEvent.ExchangeSentEvent;
import org.apache.camel.support.EventNotifierSupport;
import org.jspecify.annotations.Nullable;

/** Measures how long one store takes to write a document. One document at a time. */
final class StoreWriteTimes extends EventNotifierSupport {
    private final String endpoint;
    private volatile @Nullable Stopwatch running;
    private volatile Optional<Ratio.Measurement> last = Optional.empty();

    /** @param endpoint URI of the route that writes to the store */
    StoreWriteTimes(String endpoint) {
        this.endpoint = endpoint.replace(":", "://");
        setIgnoreCamelContextEvents(true);
        setIgnoreRouteEvents(true);
        setIgnoreServiceEvents(true);
    }

    @Override
    public void notify(CamelEvent event) {
        if (event instanceof ExchangeSendingEvent sending
                && sending.getEndpoint().getEndpointUri().equals(endpoint)) {
            running = new Stopwatch();
        } else if (event instanceof ExchangeSentEvent sent
                && sent.getEndpoint().getEndpointUri().equals(endpoint)
                && running != null) {
            last = Optional.of(running.read());
        }
    }

    /** The measurement of the last document. */
    Ratio.Measurement last() {
        return last.orElseThrow(() -> new IllegalStateException(endpoint + " has written nothing"));
    }
}
