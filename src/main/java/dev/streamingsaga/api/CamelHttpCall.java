package dev.streamingsaga.api;

import dev.streamingsaga.config.EndpointConfig.HttpLimits;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** A call on any other server, such as Spring Boot's: body and answer pass through the Camel message. */
final class CamelHttpCall implements HttpCall {
    private final Message message;
    private final HttpLimits limits;

    CamelHttpCall(Message message, HttpLimits limits) {
        this.message = message;
        this.limits = limits;
    }

    @Override
    public String method() {
        return text(Exchange.HTTP_METHOD);
    }

    @Override
    public String path() {
        return text(Exchange.HTTP_URI).replaceFirst("[?].*", "");
    }

    @Override
    public String query() {
        return text(Exchange.HTTP_RAW_QUERY);
    }

    private String text(String header) {
        String value = message.getHeader(header, String.class);
        return value == null ? "" : value;
    }

    @Override
    public Optional<String> header(String name) {
        Object value = message.getHeader(name);
        if (value != null && !(value instanceof String)) {
            throw new Problem(400, "header-twice", "the header " + name + " was sent more than once; send it once");
        }
        return Optional.ofNullable((String) value);
    }

    @Override
    public Optional<String> list(String name) {
        Object value = message.getHeader(name);
        return value instanceof Collection<?> several
                ? Optional.of(several.stream().map(String::valueOf).collect(Collectors.joining(", ")))
                : Optional.ofNullable(value).map(String::valueOf);
    }

    /** Unknown on such a server, and not needed: it requires keys or tokens. */
    @Override
    public boolean isLocal() {
        return false;
    }

    @Override
    public InputStream body() {
        InputStream body = message.getBody(InputStream.class);
        return body == null ? InputStream.nullInputStream() : new PacedBody(body, new Pace(limits));
    }

    /**
     * The server sends the answer after the route has ended. If the body fails, its exception makes the server close
     * the connection.
     */
    @Override
    public void reply(Reply reply) throws IOException {
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, reply.status());
        reply.headers().forEach(message::setHeader);
        if (reply.length() != Reply.ENDLESS && reply.hasBody()) {
            message.setHeader("Content-Length", reply.length());
        }
        if (!reply.hasBody() || reply.length() == 0) {
            reply.body().close();
            message.setBody(null);
        } else {
            message.setBody(reply.body());
        }
    }
}
