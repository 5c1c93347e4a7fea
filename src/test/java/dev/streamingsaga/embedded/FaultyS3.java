package dev.streamingsaga.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** The embedded server with injected failures. */
public final class FaultyS3 {
    public final AtomicInteger puts = new AtomicInteger();
    private volatile PutRule put = (key, n) -> {};
    private volatile AfterPut afterPut = key -> {};
    private volatile Predicate<String> refuseDelete = key -> false;

    /** Called before the n-th PUT of the server is stored; throws to refuse it. */
    public interface PutRule {
        void before(String key, int n);
    }

    /** Called after an object was stored and before the response. */
    public interface AfterPut {
        void stored(String key);
    }

    public EmbeddedS3 start(Path dataDir) {
        return EmbeddedS3.start(dataDir, true, Store::new);
    }

    public void onPut(PutRule rule) {
        put = rule;
    }

    public void afterPut(AfterPut rule) {
        afterPut = rule;
    }

    public void refuseDeleting(Predicate<String> keys) {
        refuseDelete = keys;
    }

    public static RuntimeException answer(int status, String code) {
        return S3Exception.builder()
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(code)
                        .errorMessage("ordered by the test")
                        .build())
                .build();
    }

    public static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private final class Store extends ForwardingBlobStore {
        Store(BlobStore store) {
            super(store);
        }

        @Override
        public PutObjectResponse putBlob(PutObjectRequest request, InputStream payload) {
            try {
                put.before(request.key(), puts.incrementAndGet());
            } catch (S3Exception e) {
                try {
                    payload.transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException ignored) {
                    throw e;
                }
                throw e;
            }
            PutObjectResponse response = super.putBlob(request, payload);
            afterPut.stored(request.key());
            return response;
        }

        @Override
        public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
            if (refuseDelete.test(request.key())) {
                throw answer(500, "InternalError");
            }
            return super.removeBlob(request);
        }
    }
}
