package dev.streamingsaga.store;

import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.trace.Traces;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/** Sends the batches of one run, one after the other, to the route that writes them. */
record BatchSender(ProducerTemplate template, String route) {

    /** @throws RuntimeException the failure of the route; the caller must not send further batches */
    void send(Run run, Object batch) {
        Exchange done = template.send(route, exchange -> {
            exchange.setProperty(ExchangeKeys.RUN, run);
            exchange.getMessage().setBody(batch);
            Traces.of(exchange.getContext()).of(run.sagaId()).to(exchange);
        });
        Exception failure = done.getException();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure != null) {
            throw new IllegalStateException(
                    "route " + route + " could not write a batch: " + failure.getMessage(), failure);
        }
    }
}
