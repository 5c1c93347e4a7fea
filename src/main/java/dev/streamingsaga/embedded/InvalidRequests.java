package dev.streamingsaga.embedded;

import io.netty.handler.codec.http.InvalidLineSeparatorException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;

/** Answers requests that cannot be decoded. Vert.x then closes the connection. */
final class InvalidRequests implements Handler<HttpServerRequest> {
    @Override
    public void handle(HttpServerRequest request) {
        answer(request.decoderResult().cause()).send(request.response());
    }

    private static ProblemAnswer answer(Throwable cause) {
        if (cause instanceof RefusedRequest refused) {
            return refused.answer();
        }
        if (cause instanceof TooLongHttpLineException) {
            return new ProblemAnswer(414, "uri-too-long", "the request line is too long; nothing was read");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return new ProblemAnswer(431, "headers-too-large", "the headers are too large; nothing was read");
        }
        if (cause instanceof InvalidLineSeparatorException) {
            return new ProblemAnswer(
                    400, "bad-framing", "each line must end with carriage return and line feed; nothing was read");
        }
        return new ProblemAnswer(400, "bad-request", "the request line or a header is not HTTP/1.1; nothing was read");
    }
}
