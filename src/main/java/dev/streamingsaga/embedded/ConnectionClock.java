package dev.streamingsaga.embedded;

import dev.streamingsaga.config.SagaConfig.HttpConnections;
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
 * Closes a connection that does not finish the head of its request, or sends no further request, in time. Body and
 * answer of a request under way have the limits of their route. For one connection, on its event loop.
 */
final class ConnectionClock extends ChannelDuplexHandler {
    private final HttpConnections limits;
    private final OpenConnections connections;
    private int unanswered;
    private boolean headBegun;
    private @Nullable Future<?> alarm;

    ConnectionClock(HttpConnections limits, OpenConnections connections) {
        this.limits = limits;
        this.connections = connections;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        wait(context, limits.head());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == StrictRequestDecoder.HEAD_BEGUN) {
            headBegun = true;
            if (unanswered == 0) {
                wait(context, limits.head());
            }
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest) {
            headBegun = false;
            unanswered++;
            stop();
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
            wait(context, headBegun ? limits.head() : limits.keepAlive());
        }
    }

    private void wait(ChannelHandlerContext context, Duration limit) {
        stop();
        alarm = context.executor().schedule(() -> close(context), limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void stop() {
        Future<?> set = alarm;
        if (set != null) {
            set.cancel(false);
            alarm = null;
        }
    }

    /** Without a word if no request has begun: an answer could be taken for that of the next one. */
    private void close(ChannelHandlerContext context) {
        if (headBegun) {
            ProblemAnswer late = new ProblemAnswer(
                    408,
                    "headers-too-slow",
                    "the headers of the request did not end within "
                            + limits.head().toMillis() + " ms (saga.http.header-timeout); nothing was read");
            context.writeAndFlush(late.message()).addListener(ChannelFutureListener.CLOSE);
        } else {
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        stop();
        connections.remove(context.channel());
        context.fireChannelInactive();
    }
}
