package dev.streamingsaga.api;

import dev.streamingsaga.config.SagaConfig.HttpLimits;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.HttpMessage;

/** Keeps the classes of Vert.x out of a hub that has none. */
final class VertxHttpCalls {
    private VertxHttpCalls() {}

    static HttpCall of(Message message, HttpLimits limits) {
        return new VertxHttpCall((HttpMessage) message, limits);
    }
}
