package dev.streamingsaga.chunk;

import dev.streamingsaga.config.ServerConfig.S3;
import java.util.function.Function;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ServiceClientConfiguration;
import software.amazon.awssdk.services.s3.model.S3Request;

/**
 * Wraps a client that the hub owns and also uses: requests through the wrapper use its connections, credentials and
 * endpoint, but the rules of {@link S3Clients} for digests, retries and timeouts. The rules are part of each request,
 * so other requests of that client are not affected.
 */
final class SharedS3Client extends DelegatingS3Client {
    private final SdkPlugin rules;

    SharedS3Client(S3Client shared, S3 settings) {
        super(shared);
        this.rules = configuration -> {
            S3ServiceClientConfiguration.Builder client = (S3ServiceClientConfiguration.Builder) configuration;
            ClientOverrideConfiguration.Builder override = client.overrideConfiguration().toBuilder();
            S3Clients.rules(override, settings);
            client.overrideConfiguration(override.build())
                    .requestChecksumCalculation(S3Clients.CHECKSUMS)
                    .responseChecksumValidation(S3Clients.VALIDATION)
                    .putAuthScheme(new ChecksumInterceptor.Scheme());
        };
    }

    @Override
    @SuppressWarnings("unchecked") // the builder of a request builds a request of the same type
    protected <T extends S3Request, R> R invokeOperation(T request, Function<T, R> operation) {
        AwsRequestOverrideConfiguration configured = request.overrideConfiguration()
                .map(AwsRequestOverrideConfiguration::toBuilder)
                .orElseGet(AwsRequestOverrideConfiguration::builder)
                .addPlugin(rules)
                .build();
        return operation.apply(
                (T) request.toBuilder().overrideConfiguration(configured).build());
    }

    /** Does nothing: the owner closes the client. */
    @Override
    public void close() {}
}
