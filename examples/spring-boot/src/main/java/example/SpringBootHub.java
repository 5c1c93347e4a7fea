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

/** Streaming Saga is on the class path, application.properties configures it, camel/ uses it; only serving it over HTTP has to be asked for. */
@SpringBootApplication
public class SpringBootHub {
    public static void main(String[] arguments) {
        SpringApplication.run(SpringBootHub.class, arguments);
    }

    /** HTTP API and page below saga.http.path, for whoever has a key: see {@code saga key}. */
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
                    throw new IllegalStateException("the HTTP API can't be served", e);
                }
            }
        };
    }

    /** The application's own, and the only one: the instance uses it too. */
    @Bean
    S3Client bucket(@Value("${hub.s3.endpoint}") URI endpoint, @Value("${hub.s3.access-key}") String accessKey, @Value("${hub.s3.secret-key}") String secretKey) {
        return S3Client.builder().endpointOverride(endpoint).region(Region.US_EAST_1).forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey))).build();
    }
}
