package dev.streamingsaga.embedded;

import dev.streamingsaga.config.EndpointConfig.HttpConnections;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection that does not complete the headers of a request, or sends no further request, in time. The body
 * and the response of a request have the limits of their route. One instance for each connection, used on its event
 * loop.
 */
final class ConnectionClock extends ChannelDuplexHandler {
    private final HttpConnections limits;
    private final OpenConnections connections;
    private int unanswered;
    private boolean headBegun;
    private @Nullable Future<?> timeout;

    ConnectionClock(HttpConnections limits, OpenConnections connections) {
        this.limits = limits;
        this.connections = connections;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        startTimeout(context, limits.head());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == StrictRequestDecoder.HEAD_BEGUN) {
            headBegun = true;
            if (unanswered == 0) {
                startTimeout(context, limits.head());
            }
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest) {
            headBegun = false;
            unanswered++;
            cancelTimeout();
            connections.busy(context.channel());
        }
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        boolean interim = message instanceof HttpResponse response
                && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
        ChannelPromise sent = promise;
        if (message instanceof LastHttpContent && !interim) {
            sent = promise.unvoid();
            sent.addListener(done -> answered(context));
        }
        context.write(message, sent);
    }

    private void answered(ChannelHandlerContext context) {
        unanswered--;
        if (unanswered == 0 && context.channel().isActive()) {
            connections.waiting(context.channel());
            startTimeout(context, headBegun ? limits.head() : limits.keepAlive());
        }
    }

    private void startTimeout(ChannelHandlerContext context, Duration limit) {
        cancelTimeout();
        timeout = context.executor().schedule(() -> close(context), limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void cancelTimeout() {
        Future<?> pending = timeout;
        if (pending != null) {
            pending.cancel(false);
            timeout = null;
        }
    }

    /** Sends no response if no request has begun: the client could take it for the response to its next request. */
    private void close(ChannelHandlerContext context) {
        if (headBegun) {
            ProblemAnswer requestTimeout = new ProblemAnswer(
                    408,
                    "headers-too-slow",
                    "the headers of the request did not end within "
                            + limits.head().toMillis() + " ms (saga.http.header-timeout); nothing was read");
            context.writeAndFlush(requestTimeout.message()).addListener(ChannelFutureListener.CLOSE);
        } else {
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        cancelTimeout();
        connections.remove(context.channel());
        context.fireChannelInactive();
    }
}
