package dev.streamingsaga.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.Settings;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

@Tag("own-jvm")
class EmbeddedS3Test {
    private static final String KEY = "saga/d/s/chunk-000000";

    @TempDir
    Path data;

    @Test
    void listens_on_loopback_and_keeps_its_keys_private() throws Exception {
        try (EmbeddedS3 server = EmbeddedS3.start(data)) {
            assertThat(InetAddress.getByName(server.endpoint().getHost()).isLoopbackAddress())
                    .isTrue();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("s3.credentials"))))
                    .isEqualTo("rw-------");
            try (S3Client stranger = client(server, server.accessKey(), "not-the-secret")) {
                assertThatThrownBy(() -> stranger.createBucket(b -> b.bucket("bucket")))
                        .isInstanceOfSatisfying(
                                S3Exception.class,
                                e -> assertThat(e.statusCode()).isEqualTo(403));
            }
        }
    }

    @Test
    void keeps_objects_and_keys_over_a_restart() {
        String accessKey;
        try (EmbeddedS3 server = EmbeddedS3.start(data);
                S3Client s3 = client(server)) {
            accessKey = server.accessKey();
            s3.createBucket(b -> b.bucket("bucket"));
            put(s3, "hello");
        }
        try (EmbeddedS3 server = EmbeddedS3.start(data);
                S3Client s3 = client(server)) {
            assertThat(server.accessKey()).isEqualTo(accessKey);
            assertThat(s3.getObjectAsBytes(g -> g.bucket("bucket").key(KEY)).asUtf8String())
                    .isEqualTo("hello");
        }
    }

    @Test
    void removes_only_what_a_killed_server_left() throws Exception {
        try (EmbeddedS3 server = EmbeddedS3.start(data);
                S3Client s3 = client(server)) {
            s3.createBucket(b -> b.bucket("bucket"));
            put(s3, "hello");
            s3.createMultipartUpload(m -> m.bucket("bucket").key("saga/d/s/open"));
        }
        Path chunk = data.resolve("bucket/bucket").resolve(KEY);
        Path halfWritten =
                Files.writeString(chunk.resolveSibling(chunk.getFileName() + "-" + UUID.randomUUID()), "hel");
        Path foreign = Files.writeString(chunk.resolveSibling("report-" + UUID.randomUUID()), "not ours");

        try (EmbeddedS3 reader = EmbeddedS3.startReadOnly(data);
                S3Client s3 = client(reader)) {
            assertThat(halfWritten).exists();
            assertThat(s3.listObjectsV2(l -> l.bucket("bucket")).contents())
                    .as("without what is being written")
                    .extracting(S3Object::key)
                    .containsExactlyInAnyOrder(KEY, "saga/d/s/" + foreign.getFileName());
        }
        try (EmbeddedS3 server = EmbeddedS3.start(data);
                S3Client s3 = client(server)) {
            assertThat(halfWritten).doesNotExist();
            assertThat(foreign).exists();
            assertThat(chunk).hasContent("hello");
            assertThat(s3.listMultipartUploads(l -> l.bucket("bucket")).uploads())
                    .isEmpty();
        }
    }

    @Test
    void a_read_only_server_changes_nothing_while_the_owner_runs() {
        try (EmbeddedS3 owner = EmbeddedS3.start(data);
                S3Client s3 = client(owner);
                EmbeddedS3 reader = EmbeddedS3.startReadOnly(data);
                S3Client reading = client(reader)) {
            s3.createBucket(b -> b.bucket("bucket"));
            put(s3, "hello");

            assertThat(reading.getObjectAsBytes(g -> g.bucket("bucket").key(KEY))
                            .asUtf8String())
                    .isEqualTo("hello");
            assertThatThrownBy(() -> put(reading, "other")).isInstanceOf(S3Exception.class);
            assertThatThrownBy(
                            () -> reading.deleteObject(d -> d.bucket("bucket").key(KEY)))
                    .isInstanceOf(S3Exception.class);
            assertThat(s3.getObjectAsBytes(g -> g.bucket("bucket").key(KEY)).asUtf8String())
                    .isEqualTo("hello");
        }
    }

    @Test
    void reports_checksum_and_entity_tag_only_while_the_file_is_unchanged() throws Exception {
        try (EmbeddedS3 server = EmbeddedS3.start(data);
                S3Client s3 = client(server)) {
            s3.createBucket(b -> b.bucket("bucket"));
            put(s3, "hello");
            String written = head(s3).checksumSHA256();
            assertThat(listed(s3).eTag()).isEqualTo(head(s3).eTag()).contains("5d41402abc4b2a76b9719d911017c592");
            assertThat(written).isEqualTo("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");

            Path file = data.resolve("bucket/bucket").resolve(KEY);
            FileTime later = FileTime.fromMillis(Files.getLastModifiedTime(file).toMillis() + 1000);
            Files.writeString(file, "HELLO", StandardOpenOption.TRUNCATE_EXISTING);
            Files.setLastModifiedTime(file, later);

            assertThat(head(s3).checksumSHA256()).isNull();
            assertThat(listed(s3).eTag()).isNull();
            assertThat(listed(s3).size()).isEqualTo(5);
        }
    }

    @Test
    void objects_are_private_whatever_a_request_specifies() throws Exception {
        try (EmbeddedS3 server = EmbeddedS3.start(data);
                S3Client s3 = client(server)) {
            s3.createBucket(b -> b.bucket("bucket"));
            s3.putObject(
                    p -> p.bucket("bucket").key(KEY).acl(ObjectCannedACL.PUBLIC_READ), RequestBody.fromString("hello"));
            Path file = data.resolve("bucket/bucket").resolve(KEY);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            for (Path folder = file.getParent(); !folder.equals(data); folder = folder.getParent()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                        .as("%s", folder)
                        .isEqualTo("rwx------");
            }
            assertThat(listed(s3).eTag()).as("known to be as it was written").isNotNull();
        }
    }

    private static S3Object listed(S3Client s3) {
        return s3.listObjectsV2(l -> l.bucket("bucket")).contents().get(0);
    }

    private static HeadObjectResponse head(S3Client s3) {
        return s3.headObject(h -> h.bucket("bucket").key(KEY).checksumMode(ChecksumMode.ENABLED));
    }

    private static void put(S3Client s3, String text) {
        String sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        s3.putObject(
                p -> p.bucket("bucket")
                        .key(KEY)
                        .metadata(text.equals("hello") ? Map.of("saga-known-sha256", sha256) : Map.of()),
                RequestBody.fromBytes(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static S3Client client(EmbeddedS3 server) {
        return client(server, server.accessKey(), server.secretKey());
    }

    private static S3Client client(EmbeddedS3 server, String accessKey, String secretKey) {
        return S3Clients.create(Settings.parse(Map.of()).servers().s3(), server.endpoint(), accessKey, secretKey);
    }
}
