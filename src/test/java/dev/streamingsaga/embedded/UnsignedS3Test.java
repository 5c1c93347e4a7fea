package dev.streamingsaga.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** An unsigned request reveals nothing and changes nothing, whatever the modes of the files. */
@Tag("own-jvm")
class UnsignedS3Test {
    private static final String BUCKET = "streaming-saga";
    private static final String KEY = "saga/d/s/chunk-000000";
    private static final int PATIENCE_MILLIS = 20_000;

    @TempDir
    static Path data;

    private static EmbeddedS3 server;

    @BeforeAll
    static void start() throws IOException {
        server = EmbeddedS3.start(data);
        try (S3Client s3 = S3Clients.create(
                Settings.parse(Map.of()).servers().s3(), server.endpoint(), server.accessKey(), server.secretKey())) {
            s3.createBucket(b -> b.bucket(BUCKET));
            s3.putObject(p -> p.bucket(BUCKET).key(KEY), RequestBody.fromString("secret"));
            // Readable by all users, and the bucket writable by all users.
            Files.setPosixFilePermissions(data.resolve("bucket"), PosixFilePermissions.fromString("rwxr-xr-x"));
            for (Path each = object(); !each.equals(data.resolve("bucket")); each = each.getParent()) {
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Path object() {
        return data.resolve("bucket").resolve(BUCKET).resolve(KEY);
    }

    /** Sends raw bytes: an HTTP client would not send every method. */
    private static String answer(String method, String target, String... headers) throws IOException {
        try (Socket socket =
                new Socket(server.endpoint().getHost(), server.endpoint().getPort())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            String request = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                    + String.join(
                            "",
                            List.of(headers).stream()
                                    .map(header -> header + "\r\n")
                                    .toList()) + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(all);
            return all.toString(StandardCharsets.UTF_8).replaceFirst("(?m)^Date: .*\r\n", "");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get"})
    void an_unsigned_request_gets_one_answer_whatever_there_is(String method) throws Exception {
        String bucket = "/" + BUCKET;
        String object = bucket + "/" + KEY;
        List<String> answers = new ArrayList<>();
        for (String target : List.of(
                "/",
                "/healthz",
                "/metrics",
                bucket,
                bucket + "/",
                "/nowhere",
                "/nowhere/key",
                "/x/y",
                object,
                bucket + "/saga/missing",
                bucket + "/%2e%2e/s3.credentials",
                object + "?versionId=1",
                bucket + "?list-type=2",
                bucket + "?uploads",
                bucket + "?acl",
                object + "?response-content-type=text/html",
                object + "?uploadId=1&partNumber=1",
                object + "?X-Amz-Algorithm=none",
                object + "?AWSAccessKeyId=" + server.accessKey() + "&Signature=x&Expires=9999999999")) {
            answers.add(answer(method, target));
            answers.add(answer(method, target, "Date: Mon, 30 Nov 2026 10:00:00 GMT", "Origin: http://evil.example"));
            answers.add(answer(method, target, "Authorization: AWS " + server.accessKey() + ":x"));
            answers.add(answer(method, target, "Authorization: Bearer x"));
        }

        assertThat(answers)
                .allSatisfy(
                        answer -> assertThat(answer).startsWith("HTTP/1.1 403 ").isEqualTo(answers.get(0)));
        if (method.equals("HEAD")) {
            assertThat(answers.get(0)).endsWith("\r\n\r\n");
        } else {
            assertThat(answers.get(0)).contains("<Code>AccessDenied</Code>");
        }
        assertThat(object()).hasContent("secret");
    }

    @Test
    void an_unsigned_body_is_refused_before_it_is_read() throws Exception {
        for (String method : List.of("PUT", "POST")) {
            assertThat(answer(
                            method,
                            "/" + BUCKET + "/new",
                            "Content-Length: 9000000000",
                            "Content-Type: multipart/form-data; boundary=x"))
                    .startsWith("HTTP/1.1 403 ")
                    .contains("Connection: close");
            assertThat(answer(
                            method,
                            "/" + BUCKET,
                            "Transfer-Encoding: chunked",
                            "Content-Type: multipart/form-data; boundary=x"))
                    .startsWith("HTTP/1.1 403 ");
        }
        assertThat(data.resolve("bucket").resolve(BUCKET).resolve("new")).doesNotExist();
    }

    @Test
    void a_wrong_signature_gets_the_same_answer_for_existing_and_missing_keys() throws Exception {
        List<String> answers = new ArrayList<>();
        for (String key : List.of(KEY, "saga/missing")) {
            for (String secret : List.of("wrong", server.secretKey().replace('0', '1'))) {
                HttpResponse<String> got = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(presigned(server.accessKey(), secret, key))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                answers.add(got.statusCode() + " " + got.body().replaceAll("(?s).*<Code>(.*)</Code>.*", "$1"));
            }
        }
        assertThat(answers).allMatch(answer -> answer.equals("403 SignatureDoesNotMatch"));
    }

    @Test
    void a_presigned_url_is_served() throws Exception {
        HttpResponse<String> got = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(presigned(server.accessKey(), server.secretKey(), KEY))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.body()).isEqualTo("secret");
    }

    private static URI presigned(String accessKey, String secretKey, String key) throws Exception {
        try (S3Presigner presigner = S3Presigner.builder()
                .endpointOverride(server.endpoint())
                .region(Region.US_EAST_1)
                .serviceConfiguration(
                        S3Configuration.builder().pathStyleAccessEnabled(true).build())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey)))
                .build()) {
            return presigner
                    .presignGetObject(p -> p.signatureDuration(Duration.ofMinutes(5))
                            .getObjectRequest(g -> g.bucket(BUCKET).key(key)))
                    .url()
                    .toURI();
        }
    }
}
