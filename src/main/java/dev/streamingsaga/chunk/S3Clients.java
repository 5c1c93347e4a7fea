package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig.S3;
import dev.streamingsaga.probe.SideEffects;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Makes the client that the {@code aws2-s3} component and our own requests share.
 *
 * <p>It never retries (the routes do, and journal it), ends every request after {@code saga.s3.timeout}, and computes
 * no checksum: the ones of the pass over the source are sent, see {@link ChecksumInterceptor}. As many connections as
 * are needed. It asks before it sends a body ({@code Expect: 100-continue}): a server that is full or refuses answers
 * and hangs up, and without asking that answer is lost in a broken pipe, which looks like the network's fault.
 */
public final class S3Clients {
    static final RequestChecksumCalculation CHECKSUMS = RequestChecksumCalculation.WHEN_REQUIRED;
    static final ResponseChecksumValidation VALIDATION = ResponseChecksumValidation.WHEN_REQUIRED;

    /** Never the bound: that is what the settings allow to be on its way at a time. */
    private static final int CONNECTIONS = 64 * 256;

    private S3Clients() {}

    /**
     * @param accessKey empty: the SDK's own chain (environment, profile, instance role) finds the credentials
     * @return to be closed by the caller
     */
    public static S3Client create(S3 settings, URI endpoint, String accessKey, String secretKey) {
        return S3Client.builder()
                .endpointOverride(endpoint)
                .region(Region.of(settings.region()))
                .forcePathStyle(settings.pathStyle())
                .credentialsProvider(credentials(accessKey, secretKey))
                .requestChecksumCalculation(CHECKSUMS)
                .responseChecksumValidation(VALIDATION)
                .putAuthScheme(new ChecksumInterceptor.Scheme())
                .overrideConfiguration(override -> rules(override, settings))
                .httpClientBuilder(ApacheHttpClient.builder()
                        .maxConnections(CONNECTIONS)
                        .connectionTimeout(settings.connectTimeout())
                        .connectionAcquisitionTimeout(settings.timeout())
                        .socketTimeout(settings.timeout()))
                .build();
    }

    /**
     * Our requests through a client that somebody else made: its connections, credentials and endpoint, our rules. Its
     * own requests are not changed, and it stays its owner's to close.
     */
    public static S3Client shared(S3Client client, S3 settings) {
        return new SharedS3Client(client, settings);
    }

    static void rules(ClientOverrideConfiguration.Builder override, S3 settings) {
        override.retryStrategy(AwsRetryStrategy.doNotRetry())
                .apiCallTimeout(settings.timeout())
                .addExecutionInterceptor(new ChecksumInterceptor());
        SideEffects.probe().map(ProbedRequests::new).ifPresent(override::addExecutionInterceptor);
    }

    private static AwsCredentialsProvider credentials(String accessKey, String secretKey) {
        return accessKey.isEmpty()
                ? DefaultCredentialsProvider.builder().build()
                : StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey));
    }
}
