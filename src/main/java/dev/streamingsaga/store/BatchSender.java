package dev.streamingsaga.store;

import dev.streamingsaga.journal.Run;
import dev.streamingsaga.trace.Traces;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/** Sends one batch after the other to the route that writes it, for the same run. */
record BatchSender(ProducerTemplate template, String route) {

    /** @throws RuntimeException what the route failed with: the rest must not be sent */
    void send(Run run, Object batch) {
        Exchange done = template.send(route, exchange -> {
            exchange.setProperty(Run.PROPERTY, run);
            exchange.getMessage().setBody(batch);
            Traces.of(exchange.getContext()).of(run.sagaId()).to(exchange);
        });
        Exception failure = done.getException();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure != null) {
            throw new IllegalStateException("a batch was refused by " + route + ": " + failure.getMessage(), failure);
        }
    }
}
