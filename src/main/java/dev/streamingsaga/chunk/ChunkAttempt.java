package dev.streamingsaga.chunk;

import dev.streamingsaga.source.SourceFile;
import java.time.Duration;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.aws2.s3.AWS2S3Constants;

/** The steps around one PUT: leave, intent, request, mark, and what a failure means. */
final class ChunkAttempt {
    private final UploadFailures refusals;
    private final Duration retryDelay;

    ChunkAttempt(UploadFailures refusals, Duration retryDelay) {
        this.refusals = refusals;
        this.retryDelay = retryDelay;
    }

    /** Nothing is sent unless the saga is wanted, the source is still what it was, and the intent is journaled. */
    void begin(Exchange exchange) throws Exception {
        ObjectPut put = ObjectPut.of(exchange);
        put.upload().requireActive();
        put.begin();
        put.row().ifPresent(row -> {
            SourceFile.check(put.document().path(), put.document().identity());
            put.run().chunkSending(row.index(), put.attempt());
        });
        Message message = exchange.getMessage();
        // A resumed run goes on where the first one began, whatever is configured by now.
        message.setHeader(AWS2S3Constants.OVERRIDE_BUCKET_NAME, put.document().bucket());
        message.setHeader(AWS2S3Constants.KEY, put.what().key());
        message.setHeader(AWS2S3Constants.CONTENT_LENGTH, put.what().sizeBytes());
        message.setHeader(
                AWS2S3Constants.METADATA,
                Map.of(ChecksumInterceptor.METADATA, put.what().sha256()));
        message.setBody(put.what().body());
    }

    void sent(Exchange exchange) {
        ObjectPut put = ObjectPut.of(exchange);
        put.row().ifPresent(row -> {
            put.run()
                    .chunkSent(
                            row.index(),
                            Bucket.etag(exchange.getMessage().getHeader(AWS2S3Constants.E_TAG, String.class)));
            put.upload().stored(row);
        });
    }

    /** Always throws: what is to be tried again, or the saga's end. */
    void failed(Exchange exchange) {
        ObjectPut put = ObjectPut.of(exchange);
        throw refusals.classify(put, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class));
    }

    /** Waits for the next attempt, or until there is to be none: that attempt itself then says why. */
    void pause(Exchange exchange) {
        ObjectPut.of(exchange)
                .upload()
                .pause(retryDelay, () -> exchange.getContext().isStopping());
    }

    void end(Exchange exchange) {
        ObjectPut.of(exchange).end();
        exchange.getMessage().removeHeaders("CamelAwsS3*");
    }
}
