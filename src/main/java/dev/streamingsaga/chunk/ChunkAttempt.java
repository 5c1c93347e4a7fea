package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.aws2.s3.AWS2S3Constants;

/** The steps around one PUT: acquire a permit, journal the intent, send, journal the result, classify a failure. */
final class ChunkAttempt {
    private final UploadFailures failures;
    private final ChunkSealer sealer;
    private final Duration retryDelay;

    ChunkAttempt(UploadFailures failures, ChunkSealer sealer, Duration retryDelay) {
        this.failures = failures;
        this.sealer = sealer;
        this.retryDelay = retryDelay;
    }

    /**
     * Prepares the request. Throws, and so sends nothing, unless the saga is active, the source is unchanged and the
     * intent is journaled.
     */
    void begin(Exchange exchange) throws Exception {
        ObjectPut put = ObjectPut.of(exchange);
        put.upload().requireActive();
        put.begin();
        if (put.row().isPresent()) {
            put.checkSource();
            seal(put, put.row().get());
            put.run().chunkSending(put.row().get().index(), put.attempt(), put.storedForm());
        }
        Message message = exchange.getMessage();
        // A resumed run uses the bucket of the first run, even if another one is configured now.
        message.setHeader(AWS2S3Constants.OVERRIDE_BUCKET_NAME, put.document().bucket());
        message.setHeader(AWS2S3Constants.KEY, put.object().key());
        message.setHeader(AWS2S3Constants.CONTENT_LENGTH, put.object().sizeBytes());
        message.setHeader(
                AWS2S3Constants.METADATA,
                Map.of(ChecksumInterceptor.METADATA, put.object().sha256()));
        message.setBody(put.object().body());
    }

    /** Reads the chunk once more, which proves again that the source has the bytes of the row. */
    private void seal(ObjectPut put, ChunkRow row) throws IOException {
        if (!put.isSealed() && put.object().body() instanceof FileRegion plain) {
            sealer.chunk(put.document(), row, plain).ifPresent(put::send);
        }
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

    /** Always throws: {@link ChunkAttemptException} for a retry, or the failure that ends the saga. */
    void failed(Exchange exchange) {
        ObjectPut put = ObjectPut.of(exchange);
        throw failures.classify(put, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class));
    }

    /** Waits until the next attempt. Returns early if no attempt is to follow; that attempt then throws the reason. */
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
