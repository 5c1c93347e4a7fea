package dev.streamingsaga.chunk;

import dev.streamingsaga.config.ServerConfig.S3;
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
 * Creates the S3 client that the {@code aws2-s3} component and direct requests share.
 *
 * <p>It never retries (the routes do, and journal it), ends every request after {@code saga.s3.timeout}, and computes
 * no checksum: it sends those of the source digests, see {@link ChecksumInterceptor}. The number of connections is not
 * limited in practice. It sends {@code Expect: 100-continue} before a body: a server that is full or rejects the
 * request responds and closes the connection, and otherwise a broken pipe would hide that response and look like a
 * network failure.
 */
public final class S3Clients {
    static final RequestChecksumCalculation CHECKSUMS = RequestChecksumCalculation.WHEN_REQUIRED;
    static final ResponseChecksumValidation VALIDATION = ResponseChecksumValidation.WHEN_REQUIRED;

    /** Never the effective limit, which is the number of chunks in flight that the settings allow. */
    private static final int CONNECTIONS = 64 * 256;

    private S3Clients() {}

    /**
     * @param accessKey empty: the SDK's default chain (environment, profile, instance role) provides the credentials
     * @return a client that the caller must close
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
     * Wraps a client of the hub for requests of this application: uses its connections, credentials and endpoint, with
     * the rules of this class. Other requests of that client do not change, and its owner closes it.
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
