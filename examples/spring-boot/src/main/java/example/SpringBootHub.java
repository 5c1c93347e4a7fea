package example;

import dev.streamingsaga.StreamingSaga;
import java.net.URI;
import org.apache.camel.CamelContext;
import org.apache.camel.spring.boot.CamelContextConfiguration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Streaming Saga is on the class path, application.properties configures it, and the routes in camel/ use it. Only the
 * HTTP API is added by code.
 */
@SpringBootApplication
public class SpringBootHub {
    public static void main(String[] arguments) {
        SpringApplication.run(SpringBootHub.class, arguments);
    }

    /** The HTTP API and page below saga.http.path. Requests need a key: see {@code saga key}. */
    @Bean
    CamelContextConfiguration http(StreamingSaga bundle) {
        return new CamelContextConfiguration() {
            @Override
            public void beforeApplicationStart(CamelContext context) {}

            @Override
            public void afterApplicationStart(CamelContext context) {
                try {
                    context.addRoutes(bundle.http(context));
                } catch (Exception e) {
                    throw new IllegalStateException("cannot add the HTTP API", e);
                }
            }
        };
    }

    /** The application's only S3Client, which the instance uses too. */
    @Bean
    S3Client bucket(
            @Value("${hub.s3.endpoint}") URI endpoint,
            @Value("${hub.s3.access-key}") String accessKey,
            @Value("${hub.s3.secret-key}") String secretKey) {
        return S3Client.builder().endpointOverride(endpoint).region(Region.US_EAST_1).forcePathStyle(true)
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey)))
                .build();
    }
}
