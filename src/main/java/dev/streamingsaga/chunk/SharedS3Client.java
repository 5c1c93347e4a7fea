package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig.S3;
import java.util.function.Function;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ServiceClientConfiguration;
import software.amazon.awssdk.services.s3.model.S3Request;

/**
 * A client that somebody else made and uses too, for our requests only: its connections, credentials and endpoint, our
 * rules for digests, retries and time-outs. The rules travel with each request, so that the other one's requests know
 * nothing of them.
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
    @SuppressWarnings("unchecked") // a request's builder builds a request of its own kind
    protected <T extends S3Request, R> R invokeOperation(T request, Function<T, R> operation) {
        AwsRequestOverrideConfiguration ruled = request.overrideConfiguration()
                .map(AwsRequestOverrideConfiguration::toBuilder)
                .orElseGet(AwsRequestOverrideConfiguration::builder)
                .addPlugin(rules)
                .build();
        return operation.apply(
                (T) request.toBuilder().overrideConfiguration(ruled).build());
    }

    /** The other one's to close. */
    @Override
    public void close() {}
}
