package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.outage.HostUnavailableException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** How a failed PUT is classified, without a server. */
@Tag("unit")
class UploadFailuresTest {
    @TempDir
    Path directory;

    private final UploadFailures failures = new UploadFailures(Settings.parse(Map.of("saga.chunk.attempts", "3")));
    private RecordingRun run;
    private ObjectPut put;

    @BeforeEach
    void begin() throws Exception {
        PlannedDocument planned = PlannedDocument.in(directory);
        run = new RecordingRun(planned.document());
        put = ObjectPut.chunk(new Upload(run, false), planned.rows().get(1));
        put.begin();
    }

    private static S3Exception answer(int status, String code, String message) {
        return (S3Exception) S3Exception.builder()
                .statusCode(status)
                .message(message)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(code)
                        .errorMessage(message)
                        .build())
                .build();
    }

    private void assertPermanent(Exception failure, Reason reason) {
        assertThat(failures.classify(put, failure))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining("compensating");
    }

    private void assertTransient(Exception failure) {
        assertThat(failures.classify(put, failure))
                .isInstanceOf(ChunkAttemptException.class)
                .hasMessageContaining("attempt " + put.attempt() + " of 3");
    }

    @ParameterizedTest
    @CsvSource({
        "500, InternalError",
        "503, SlowDown",
        "408, Unknown",
        "429, Unknown",
        "400, SlowDown",
        "400, RequestTimeout",
        "403, RequestTimeTooSkewed",
        "400, Throttling",
        "400, BadDigest"
    })
    void retries_an_answer_that_may_be_temporary(int status, String code) {
        assertTransient(answer(status, code, "try again"));
    }

    @ParameterizedTest
    @CsvSource({"403, AccessDenied", "404, NoSuchBucket", "400, InvalidRequest", "499, Unknown", "301, Moved"})
    void does_not_retry_a_refusal(int status, String code) {
        assertPermanent(answer(status, code, "no"), Reason.STORE_FAILED);
    }

    @ParameterizedTest
    @CsvSource({
        "507, Unknown, no",
        "403, QuotaExceeded, no",
        "500, StorageFull, no",
        "500, XMinioStorageFull, no",
        "500, InternalError, No space left on device"
    })
    void does_not_retry_when_the_store_is_full(int status, String code, String message) {
        assertPermanent(answer(status, code, message), Reason.STORAGE_FULL);
    }

    @Test
    void an_answer_without_details_is_classified_by_its_status() {
        assertTransient(S3Exception.builder().statusCode(503).message("busy").build());
        assertPermanent(S3Exception.builder().statusCode(403).message("no").build(), Reason.STORE_FAILED);
    }

    @Test
    void a_checksum_that_the_server_rejects_with_400_is_retried_while_the_source_is_unchanged() {
        assertTransient(answer(400, "InvalidRequest", "the checksum does not match"));
        assertPermanent(answer(403, "AccessDenied", "no right to set a checksum"), Reason.STORE_FAILED);
    }

    @Test
    void the_message_names_object_bucket_and_the_sdks_reason() {
        SdkClientException failure =
                SdkClientException.create("Unable to execute HTTP request", new IOException("reset"));

        assertThat(failures.classify(put, new IllegalStateException("wrapper", failure)))
                .hasMessageContaining(
                        "cannot write chunk 1 of saga saga-1 to bucket bucket: Unable to execute HTTP request");
        assertThat(failures.classify(put, new IllegalStateException("wrapper", new SocketException("reset"))))
                .hasMessageContaining(": reset at attempt");
    }

    @Test
    void an_attempt_holds_one_permit_and_releases_it_once() {
        assertThat(run.openPermits).hasValue(1);
        put.end();
        put.end();
        assertThat(run.openPermits).hasValue(0);
    }

    @Test
    void retries_when_the_network_fails() {
        assertTransient(SdkClientException.create("connect timed out"));
        assertTransient(new IllegalStateException(new SocketException("Connection reset")));
    }

    @Test
    void does_not_retry_an_error_of_our_own() {
        assertPermanent(new IllegalStateException("a bug"), Reason.STORE_FAILED);
    }

    @Test
    void keeps_a_reason_that_is_known_already() {
        SagaException known = new SagaException(Reason.TIMEOUT, "time is up");
        assertThat(failures.classify(put, new IllegalStateException(known))).isSameAs(known);
    }

    @Test
    void the_last_attempt_ends_the_upload() {
        put.end();
        put.begin();
        assertTransient(answer(500, "InternalError", "no"));
        put.end();
        put.begin();
        assertThat(failures.classify(put, answer(500, "InternalError", "no")))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MAX_RETRIES_EXCEEDED))
                .hasMessageContaining("after 3 attempts");
    }

    @ParameterizedTest
    @CsvSource({
        "0s, No space left on device, STORAGE_FULL",
        "0s, Disk quota exceeded, STORAGE_FULL",
        "0s, Permission denied, MAX_RETRIES_EXCEEDED",
        "15m, No space left on device, MAX_RETRIES_EXCEEDED"
    })
    void a_full_spool_ends_a_saga_that_does_not_wait(String patience, String message, Reason reason) {
        UploadFailures once =
                new UploadFailures(Settings.parse(Map.of("saga.chunk.attempts", "1", "saga.patience", patience)));

        assertThat(once.classify(put, new HostUnavailableException("free some space", new IOException(message))))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining("free some space after 1 attempts");
    }

    @Test
    void a_source_that_changed_or_is_gone_is_the_cause() throws IOException {
        Path source = run.document().path();
        Files.writeString(source, "another content");
        assertPermanentSource(Reason.HASH_MISMATCH);
        Files.delete(source);
        assertPermanentSource(Reason.FILE_NOT_FOUND);
    }

    private void assertPermanentSource(Reason reason) {
        assertThat(failures.classify(put, answer(500, "InternalError", "no")))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    /** The server received other bytes than were hashed, and the file looks untouched. */
    @ParameterizedTest
    @ValueSource(strings = {"BadDigest", "XAmzContentSHA256Mismatch"})
    void a_digest_that_differs_because_the_source_differs_is_a_hash_mismatch(String code) throws IOException {
        PlannedDocument planned = new PlannedDocument(
                run.document(), java.util.List.of(PlannedDocument.row(1, 100, 100, "0".repeat(64))));
        put = ObjectPut.chunk(new Upload(run, false), planned.rows().get(0));
        put.begin();

        assertThat(failures.classify(put, answer(400, code, "no")))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.HASH_MISMATCH));
    }

    @Test
    void the_manifest_does_not_depend_on_the_source() throws IOException {
        put = ObjectPut.object(
                new Upload(run, false), new ObjectPut.ObjectDescription("manifest", "m", 1, "0", new byte[1]));
        put.begin();
        Files.delete(run.document().path());

        assertTransient(answer(500, "InternalError", "no"));
        assertTransient(answer(400, "BadDigest", "no"));
    }
}
