package example;

import java.net.URI;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** Nothing here names Streaming Saga: it is on the class path, application.properties configures it, camel/ uses it. */
@SpringBootApplication
public class SpringBootHub {
    public static void main(String[] arguments) {
        SpringApplication.run(SpringBootHub.class, arguments);
    }

    /** The application's own, and the only one: the instance uses it too. */
    @Bean
    S3Client bucket(@Value("${hub.s3.endpoint}") URI endpoint, @Value("${hub.s3.access-key}") String accessKey, @Value("${hub.s3.secret-key}") String secretKey) {
        return S3Client.builder().endpointOverride(endpoint).region(Region.US_EAST_1).forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey))).build();
    }
}
