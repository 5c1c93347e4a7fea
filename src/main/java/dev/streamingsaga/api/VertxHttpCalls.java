package dev.streamingsaga.api;

import dev.streamingsaga.config.EndpointConfig.HttpLimits;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.HttpMessage;

/** Keeps references to Vert.x classes apart, so that a hub without Vert.x never loads them. */
final class VertxHttpCalls {
    private VertxHttpCalls() {}

    static HttpCall of(Message message, HttpLimits limits) {
        return new VertxHttpCall((HttpMessage) message, limits);
    }
}
