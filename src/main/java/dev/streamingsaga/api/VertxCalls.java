package dev.streamingsaga.api;

import dev.streamingsaga.config.SagaConfig.HttpLimits;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.HttpMessage;

/** Keeps the classes of Vert.x out of a hub that has none. */
final class VertxCalls {
    private VertxCalls() {}

    static Call of(Message message, HttpLimits limits) {
        return new VertxCall((HttpMessage) message, limits);
    }
}
