package dev.streamingsaga.chunk;

import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.auth.aws.scheme.AwsV4AuthScheme;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignRequest;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignedRequest;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.IdentityProviders;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/**
 * Sends the known SHA-256 of an object as {@code x-amz-checksum-sha256}, which the server compares with the bytes it
 * receives. {@code aws2-s3} has no setting for it, so the digest is passed to this interceptor as the request metadata
 * {@value #METADATA}, which is not sent.
 */
final class ChecksumInterceptor implements ExecutionInterceptor {
    static final String METADATA = "saga-known-sha256";
    private static final String HEADER = "x-amz-checksum-sha256";

    @Override
    public SdkRequest modifyRequest(Context.ModifyRequest context, ExecutionAttributes attributes) {
        if (!(context.request() instanceof PutObjectRequest put)
                || !put.metadata().containsKey(METADATA)) {
            return context.request();
        }
        Map<String, String> metadata = new HashMap<>(put.metadata());
        String sha256 = metadata.remove(METADATA);
        return put.toBuilder()
                .metadata(metadata)
                .checksumSHA256(
                        Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256)))
                .build();
    }

    /**
     * Signature version 4 that does not hash a payload whose SHA-256 is among the signed headers: over plain HTTP the
     * SDK would read and hash each chunk a second time, and S3Proxy would hold it in memory. The signed header protects
     * the bytes as well, since the server checks them against it.
     */
    static final class Scheme implements AwsV4AuthScheme {
        private final Signer signer = new Signer();

        @Override
        public String schemeId() {
            return SCHEME_ID;
        }

        @Override
        public IdentityProvider<AwsCredentialsIdentity> identityProvider(IdentityProviders providers) {
            return providers.identityProvider(AwsCredentialsIdentity.class);
        }

        @Override
        public AwsV4HttpSigner signer() {
            return signer;
        }
    }

    private static final class Signer implements AwsV4HttpSigner {
        private final AwsV4HttpSigner delegate = AwsV4HttpSigner.create();

        @Override
        public SignedRequest sign(SignRequest<? extends AwsCredentialsIdentity> request) {
            if (request.request().firstMatchingHeader(HEADER).isEmpty()) {
                return delegate.sign(request);
            }
            SignedRequest signed = delegate.sign(withoutPayload(request));
            return SignedRequest.builder()
                    .request(signed.request())
                    .payload(request.payload().orElse(null))
                    .build();
        }

        private static <I extends AwsCredentialsIdentity> SignRequest<I> withoutPayload(SignRequest<I> request) {
            return SignRequest.builder(request.identity())
                    .request(request.request())
                    .putProperty(REGION_NAME, request.property(REGION_NAME))
                    .putProperty(SERVICE_SIGNING_NAME, request.property(SERVICE_SIGNING_NAME))
                    .putProperty(DOUBLE_URL_ENCODE, request.property(DOUBLE_URL_ENCODE))
                    .putProperty(NORMALIZE_PATH, request.property(NORMALIZE_PATH))
                    .putProperty(HttpSigner.SIGNING_CLOCK, request.property(HttpSigner.SIGNING_CLOCK))
                    .putProperty(PAYLOAD_SIGNING_ENABLED, false)
                    .build();
        }

        @Override
        public CompletableFuture<AsyncSignedRequest> signAsync(
                AsyncSignRequest<? extends AwsCredentialsIdentity> request) {
            return delegate.signAsync(request);
        }
    }
}
