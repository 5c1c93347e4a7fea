package dev.streamingsaga.api;

import java.time.Duration;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.HttpMessage;

/** Keeps the classes of Vert.x out of a hub that has none. */
final class VertxCalls {
    private VertxCalls() {}

    static Call of(Message message, Duration idle) {
        return new VertxCall((HttpMessage) message, idle);
    }
}
