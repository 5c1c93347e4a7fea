package dev.streamingsaga.lra;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Reads a response body as text. A body of more than 64 KiB fails the request instead of filling the heap. */
final class LimitedBody implements BodySubscriber<String> {
    private static final int MAX_BYTES = 64 << 10;

    private final BodySubscriber<String> text = BodySubscribers.ofString(StandardCharsets.UTF_8);
    private Optional<Flow.Subscription> subscription = Optional.empty();
    private long received;

    private LimitedBody() {}

    static BodyHandler<String> handler() {
        return (HttpResponse.ResponseInfo info) -> new LimitedBody();
    }

    @Override
    public CompletionStage<String> getBody() {
        return text.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription s) {
        subscription = Optional.of(s);
        text.onSubscribe(s);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        received += buffers.stream().mapToLong(ByteBuffer::remaining).sum();
        if (received > MAX_BYTES) {
            subscription.ifPresent(Flow.Subscription::cancel);
            text.onError(new IOException("the response is larger than " + MAX_BYTES + " bytes"));
        } else {
            text.onNext(buffers);
        }
    }

    @Override
    public void onError(Throwable problem) {
        text.onError(problem);
    }

    @Override
    public void onComplete() {
        text.onComplete();
    }
}
