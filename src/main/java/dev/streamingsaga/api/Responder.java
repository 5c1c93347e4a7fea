package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.audit.AuditWriteException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.operations.LimitedAccessException;
import dev.streamingsaga.trace.TraceLink;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What the routes have in common: checks a request before its handler sees it, and answers it once, whatever happens.
 * No exception reaches the error handler of a route, only an {@link Error}.
 */
final class Responder {
    static final String VERTX_MESSAGE = "org.apache.camel.component.platform.http.vertx.HttpMessage";

    private static final Logger LOG = LoggerFactory.getLogger(Responder.class);

    /** Answers that contain no paths of this machine, even if some text looks like one. */
    private static final Set<String> PUBLIC_TEXT = Set.of("/api/search", "/api/openapi.json");

    private final SagaConfig config;
    private final AccessControl gate;
    private final Operations operations;
    private final HiddenPaths paths;
    private volatile boolean closing;

    Responder(SagaConfig config, AccessControl gate, Operations operations) {
        this.config = config;
        this.gate = gate;
        this.operations = operations;
        this.paths = new HiddenPaths(config);
    }

    @FunctionalInterface
    private interface Answer {
        Reply to(HttpCall call, String path) throws IOException, InterruptedException;
    }

    /** Answers requests for this operation, and refuses those for another path or method. */
    Processor serving(Operation operation) {
        return exchange -> {
            TraceLink trace = TraceLink.of(exchange);
            answer(exchange, (call, path) -> serve(operation, call, path, trace));
        };
    }

    /** Refuses every request. */
    Processor refusing() {
        return exchange -> answer(exchange, (call, path) -> refuse(call, path));
    }

    /** From now on, requests get 503. */
    void close() {
        closing = true;
    }

    static Problem stopping() {
        return new Problem(503, "stopping", "the service is stopping; send the request again when it is back")
                .header("Retry-After", "5");
    }

    private void answer(Exchange exchange, Answer answer) {
        HttpCall call = call(exchange.getMessage());
        try {
            Reply reply = reply(call, answer);
            try {
                call.reply(reply);
            } catch (IOException | RuntimeException e) {
                logAborted(call, reply, e);
            }
        } catch (Error e) {
            // For example a missing library: the server would answer with 500 and log nothing.
            LOG.error("{} {} failed", call.method(), call.path(), e);
            throw e;
        }
    }

    /** Clients disconnect all the time: log one line, and only at debug for event listeners, which always end so. */
    private static void logAborted(HttpCall call, Reply reply, Exception cause) {
        String reason = cause instanceof IOException ? cause.getMessage() : cause.toString();
        LOG.atLevel(reply.length() == Reply.ENDLESS ? Level.DEBUG : Level.INFO)
                .log(
                        "the answer to {} {} was not sent completely: {}",
                        RequestText.shown(call.method()),
                        RequestText.shown(call.path()),
                        reason);
    }

    private HttpCall call(Message message) {
        // Compared by name: without Vert.x the class does not exist.
        return message.getClass().getName().equals(VERTX_MESSAGE)
                ? VertxHttpCalls.of(message, config.endpoints().http().limits())
                : new CamelHttpCall(message, config.endpoints().http().limits());
    }

    private Reply reply(HttpCall call, Answer answer) {
        try {
            if (closing) {
                throw stopping();
            }
            Framing.require(call);
            String path = call.path()
                    .substring(Math.min(
                            call.path().length(),
                            config.endpoints().http().path().length()));
            gate.requireOwnSite(call, PageFiles.FILES.containsKey(path));
            return answer.to(call, path);
        } catch (Problem e) {
            return e.reply();
        } catch (DocumentRefusedException e) {
            return Problem.of(e).reply();
        } catch (LimitedAccessException e) {
            return new Problem(403, "limited-access", String.valueOf(e.getMessage())).reply();
        } catch (AuditWriteException e) {
            LOG.error("{} {} was refused: {}", call.method(), call.path(), e.getMessage());
            return new Problem(503, "not-audited", "the audit log cannot be written; nothing was done, try again later")
                    .header("Retry-After", "15")
                    .reply();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return stopping().reply();
        } catch (IOException | RuntimeException e) {
            LOG.error("{} {} failed", call.method(), call.path(), e);
            return new Problem(
                            500,
                            "failed",
                            "the request failed: " + e.getClass().getSimpleName() + "; see the log of the service")
                    .reply();
        }
    }

    private Reply refuse(HttpCall call, String path) {
        throw operations.refusal(call.method(), path);
    }

    private Reply serve(Operation operation, HttpCall call, String path, TraceLink trace)
            throws IOException, InterruptedException {
        Optional<Map<String, String>> variables = operation.match(path);
        if (variables.isEmpty() || !operation.methods().contains(call.method())) {
            return refuse(call, path);
        }
        Caller caller = gate.requireScope(call, operation.scopes());
        ApiRequest request = new ApiRequest(call, caller, Map.copyOf(variables.get()), trace);
        // An operation that is open to everybody may still contain paths, which only operators may see.
        boolean operator = operation.scopes().isEmpty() ? gate.hasScope(call, Scope.OPERATE) : caller.mayOperate();
        return operator || PUBLIC_TEXT.contains(path)
                ? operation.handler().handle(request)
                : withoutPaths(operation, request);
    }

    private Reply withoutPaths(Operation operation, ApiRequest request) throws IOException, InterruptedException {
        try {
            return operation.handler().handle(request).mapJson(paths::json);
        } catch (Problem e) {
            // A detail without a cause contains no path except those that the caller sent; a cause may add others.
            return e.getCause() == null ? e.reply() : e.reply().mapJson(paths::json);
        }
    }
}
