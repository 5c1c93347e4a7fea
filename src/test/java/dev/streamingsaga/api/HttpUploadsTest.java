package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Resumable uploads, request by request as tus 1.0 describes them. */
class HttpUploadsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CHUNK = StreamingSagaFixture.CHUNK;

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeEach
    void start() throws Exception {
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.http.uploads.max-open", "3");
        settings.put("saga.chunk.parallelism", "2");
        settings.put("saga.http.max-sagas", "1");
        saga = StreamingSagaFixture.start(directory, settings);
        connect();
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private void connect() {
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] digest(String algorithm, byte[] bytes) throws Exception {
        return MessageDigest.getInstance(algorithm).digest(bytes);
    }

    private Answer send(String method, String path, byte[] body, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("Tus-Resumable", "1.0.0"));
        return api.send(method, path, BodyPublishers.ofByteArray(body), all.toArray(String[]::new));
    }

    private String create(long length, String... metadata) {
        String more = metadata.length == 0 ? "" : "," + metadata[0];
        Answer created = send(
                "POST",
                "/api/uploads",
                new byte[0],
                "Upload-Length",
                Long.toString(length),
                "Upload-Metadata",
                "filename " + base64("harbour.bin") + more);
        assertThat(created.status()).as("%s", created.response()).isEqualTo(201);
        return created.header("Location");
    }

    private Answer patch(String url, long offset, byte[] body, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("Upload-Offset", Long.toString(offset), "Content-Type", "application/offset+octet-stream"));
        return send("PATCH", url, body, all.toArray(String[]::new));
    }

    private Answer head(String url) {
        return send("HEAD", url, new byte[0]);
    }

    private static String id(String url) {
        return url.substring(url.lastIndexOf('/') + 1);
    }

    private SagaRecord record(String url) {
        return saga.journal().sagas().find(id(url)).orElseThrow();
    }

    private void assertGivenUp(String url, Reason reason) {
        await().atMost(PATIENCE).until(() -> record(url).state() == SagaState.COMPENSATED);
        assertThat(record(url).reason()).contains(reason);
        saga.assertNothingAnywhere();
        assertThat(head(url).status()).isEqualTo(404);
    }

    private void assertStored(String url, byte[] content) {
        assertThat(saga.awaitOutcome(id(url)).status()).isEqualTo("COMPLETED");
        String document = record(url).document().orElseThrow().documentId();
        assertThat(api.get("/api/documents/" + document + "/content").response().body())
                .isEqualTo(content);
        assertThat(saga.keys()).allMatch(key -> key.matches(".*/(chunk-\\d{6}|manifest.json)"));
    }

    @Test
    void tells_what_it_can_do() {
        Answer answer = api.send("OPTIONS", "/api/uploads", BodyPublishers.noBody());
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("Tus-Version")).isEqualTo("1.0.0");
        assertThat(answer.header("Tus-Extension").split(","))
                .containsExactlyInAnyOrder("creation", "creation-with-upload", "checksum", "expiration", "termination");
        assertThat(answer.header("Tus-Checksum-Algorithm")).isEqualTo("sha1,sha256");
        assertThat(Long.parseLong(answer.header("Tus-Max-Size"))).isPositive();
    }

    /** A restart in the middle: the tail and the chunks are in the bucket, the hash of the whole is not known. */
    @Test
    void pieces_of_any_size_become_one_document_also_through_a_restart() {
        byte[] content = bytes(2 * CHUNK + 12_345);
        String url = create(content.length);
        int[] ends = {10, 4000, CHUNK - 1, CHUNK + 3, 2 * CHUNK + 7, content.length};
        int offset = 0;
        for (int end : ends) {
            Answer head = head(url);
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("Upload-Offset")).isEqualTo(Integer.toString(offset));
            assertThat(head.header("Upload-Length")).isEqualTo(Integer.toString(content.length));
            assertThat(head.header("Upload-Metadata")).contains(base64("harbour.bin"));
            assertThat(head.header("Upload-Expires")).endsWith(" GMT");
            Answer answer = patch(url, offset, Arrays.copyOfRange(content, offset, end));
            assertThat(answer.status())
                    .as("%s", new String(answer.response().body(), StandardCharsets.UTF_8))
                    .isEqualTo(204);
            assertThat(answer.header("Upload-Offset")).isEqualTo(Integer.toString(end));
            assertThat(answer.header("Tus-Resumable")).isEqualTo("1.0.0");
            offset = end;
            if (end == CHUNK + 3) {
                saga.restart();
                connect();
            }
            if (end == content.length) {
                assertThat(answer.header("Saga-Location")).isEqualTo("/api/sagas/" + id(url));
            }
        }
        assertThat(head(url).header("Upload-Offset")).isEqualTo(Integer.toString(content.length));
        assertStored(url, content);
        assertThat(head(url).header("Saga-Location")).isEqualTo("/api/sagas/" + id(url));
    }

    @Test
    void the_first_request_may_bring_bytes_and_even_all_of_them() throws Exception {
        byte[] content = bytes(1000);
        Answer answer = send(
                "POST",
                "/api/uploads",
                content,
                "Upload-Length",
                "1000",
                "Upload-Metadata",
                "filename " + base64("small.bin") + ",sha256 "
                        + base64(HexFormat.of().formatHex(digest("SHA-256", content))),
                "Content-Type",
                "application/offset+octet-stream");
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.header("Upload-Offset")).isEqualTo("1000");
        assertStored(answer.header("Location"), content);

        assertThat(saga.awaitOutcome(id(create(0))).status())
                .as("an empty document")
                .isEqualTo("COMPLETED");
    }

    @Test
    void a_request_that_breaks_off_keeps_what_arrived() throws Exception {
        byte[] content = bytes(CHUNK + 50_000);
        String url = create(content.length);
        try (Socket sender = api.socket()) {
            ApiClient.write(
                    sender,
                    "PATCH " + url + " HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                            + "Content-Type: application/offset+octet-stream\r\nContent-Length: " + content.length,
                    Arrays.copyOf(content, CHUNK + 30_000));
            await().atMost(PATIENCE).until(() -> saga.keys().size() == 1);
            assertThat(patch(url, 0, new byte[1]).status())
                    .as("two requests at once")
                    .isEqualTo(423);
        }
        await().atMost(PATIENCE)
                .until(() -> saga.keys().size() == 2
                        && saga.journal()
                                .uploads()
                                .findOpen(id(url))
                                .orElseThrow()
                                .saga()
                                .node()
                                .isEmpty());
        long offset = Long.parseLong(head(url).header("Upload-Offset"));
        assertThat(offset).isBetween((long) CHUNK, CHUNK + 30_000L);
        assertThat(patch(url, offset, Arrays.copyOfRange(content, (int) offset, content.length))
                        .status())
                .isEqualTo(204);
        assertStored(url, content);
    }

    @Test
    void a_wrong_checksum_discards_the_bytes_of_its_request_only() throws Exception {
        byte[] content = bytes(CHUNK + 900);
        String url = create(content.length);
        byte[] first = Arrays.copyOf(content, 700);
        byte[] rest = Arrays.copyOfRange(content, 700, content.length);
        String good = "sha256 " + Base64.getEncoder().encodeToString(digest("SHA-256", first));
        assertThat(patch(url, 0, first, "Upload-Checksum", "md5 AAAA").status()).isEqualTo(400);
        assertThat(patch(url, 0, first, "Upload-Checksum", good).status()).isEqualTo(204);
        Answer wrong = patch(url, 700, rest, "Upload-Checksum", good);
        assertThat(wrong.status()).isEqualTo(460);
        assertThat(head(url).header("Upload-Offset")).isEqualTo("700");
        String sha1 = "sha1 " + Base64.getEncoder().encodeToString(digest("SHA-1", rest));
        assertThat(patch(url, 700, rest, "Upload-Checksum", sha1).status()).isEqualTo(204);
        assertStored(url, content);
    }

    /** Otherwise its sender would create another one for each attempt. */
    @Test
    void an_upload_whose_first_bytes_are_not_accepted_can_be_continued() throws Exception {
        byte[] content = bytes(1000);
        Answer wrong = send(
                "POST",
                "/api/uploads",
                content,
                "Upload-Length",
                "1000",
                "Upload-Metadata",
                "filename " + base64("continued.bin"),
                "Upload-Checksum",
                "sha256 " + Base64.getEncoder().encodeToString(digest("SHA-256", new byte[1])),
                "Content-Type",
                "application/offset+octet-stream");
        assertThat(wrong.status()).isEqualTo(460);
        assertThat(patch(wrong.header("Location"), 0, content).status()).isEqualTo(204);
        assertStored(wrong.header("Location"), content);

        saga.s3().when(request -> request.method().equals("PUT")).always().answer(503, "SlowDown");
        byte[] larger = bytes(CHUNK + 100);
        Answer notStored = send(
                "POST",
                "/api/uploads",
                larger,
                "Upload-Length",
                Integer.toString(larger.length),
                "Upload-Metadata",
                "filename " + base64("larger.bin"),
                "Content-Type",
                "application/offset+octet-stream");
        saga.s3().clearRules();
        assertThat(notStored.status()).isEqualTo(201);
        assertThat(notStored.header("Upload-Offset")).isEqualTo("0");
        assertThat(patch(notStored.header("Location"), 0, larger).status()).isEqualTo(204);
        assertStored(notStored.header("Location"), larger);
    }

    @Test
    void an_upload_that_is_being_received_is_not_one_of_the_sagas_that_may_run() throws Exception {
        byte[] content = bytes(CHUNK + 10);
        String slow = create(content.length);
        String other = create(5);
        try (Socket sender = api.socket()) {
            ApiClient.write(
                    sender,
                    "PATCH " + slow + " HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                            + "Content-Type: application/offset+octet-stream\r\nContent-Length: " + content.length,
                    Arrays.copyOf(content, CHUNK + 5));
            await().atMost(PATIENCE).until(() -> saga.keys().size() == 1);

            assertThat(patch(other, 0, bytes(5)).status()).isEqualTo(204);
        }
        assertThat(saga.awaitOutcome(id(other)).status()).isEqualTo("COMPLETED");
    }

    /** Its bytes have arrived while no other saga was allowed. */
    @Test
    void no_saga_of_an_upload_begins_while_the_service_drains() {
        byte[] content = bytes(100);
        String url = create(content.length);
        CountDownLatch running = new CountDownLatch(1);
        saga.s3()
                .when(request -> request.path().endsWith("/manifest.json"))
                .times(1)
                .delay(running);
        String other = api.put("running.bin", bytes(10)).json().path("sagaId").asText();
        assertThat(patch(url, 0, content).status()).isEqualTo(503);
        assertThat(head(url).status()).as("busy").isEqualTo(503);
        running.countDown();
        assertThat(saga.awaitOutcome(other).status()).isEqualTo("COMPLETED");

        saga.application().bundle().operator().drain();
        assertThat(head(url).status()).as("draining").isEqualTo(503);
        assertThat(record(url).state()).isEqualTo(SagaState.UPLOADING);

        saga.restart();
        connect();
        assertThat(head(url).header("Upload-Offset")).isEqualTo("100");
        assertThat(saga.awaitOutcome(id(url)).status()).isEqualTo("COMPLETED");
    }

    @Test
    void the_hash_that_the_sender_announced_is_compared_at_the_end() {
        String url = create(300, "sha256 " + base64("0".repeat(64)));
        assertThat(patch(url, 0, bytes(100)).status()).isEqualTo(204);
        assertThat(patch(url, 100, bytes(200)).status()).isEqualTo(460);
        assertGivenUp(url, Reason.HASH_MISMATCH);
    }

    @Test
    void requests_that_do_not_fit_change_nothing() {
        String url = create(100);
        assertThat(patch(url, 7, bytes(3)).status()).isEqualTo(409);
        assertThat(patch(url, 0, bytes(101)).status()).isEqualTo(413);
        assertThat(send("PATCH", url, bytes(3), "Upload-Offset", "0").status()).isEqualTo(415);
        assertThat(send("PATCH", url, bytes(3), "Content-Type", "application/offset+octet-stream")
                        .status())
                .isEqualTo(400);
        assertThat(api.send("HEAD", url, BodyPublishers.noBody()).status())
                .as("no version")
                .isEqualTo(412);
        assertThat(head("/api/uploads/01m8pn5hmhx434vce7w4fg9ngz").status()).isEqualTo(404);
        assertThat(send("POST", url, new byte[0]).status()).isEqualTo(405);
        assertThat(head(url).header("Upload-Offset")).isEqualTo("0");
        assertThat(send("POST", "/api/uploads", new byte[0], "Upload-Length", "5")
                        .problem())
                .as("no name")
                .isEqualTo("bad-name");
        assertThat(send("POST", "/api/uploads", new byte[0], "Upload-Defer-Length", "1")
                        .status())
                .isEqualTo(400);
        assertThat(send("POST", "/api/uploads", new byte[0], "Upload-Length", "9".repeat(17))
                        .status())
                .isEqualTo(413);
        assertThat(send(
                                "POST",
                                url,
                                bytes(100),
                                "X-HTTP-Method-Override",
                                "PATCH",
                                "Upload-Offset",
                                "0",
                                "Content-Type",
                                "application/offset+octet-stream")
                        .status())
                .isEqualTo(204);
        assertStored(url, bytes(100));
    }

    @Test
    void an_upload_that_is_deleted_leaves_nothing_and_frees_its_place() {
        String url = create(CHUNK + 10L);
        create(1);
        create(1);
        assertThat(send(
                                "POST",
                                "/api/uploads",
                                new byte[0],
                                "Upload-Length",
                                "1",
                                "Upload-Metadata",
                                "filename " + base64("a"))
                        .status())
                .isEqualTo(429);
        assertThat(patch(url, 0, bytes(CHUNK + 5)).status()).isEqualTo(204);
        assertThat(saga.keys()).hasSize(2);
        assertThat(send("DELETE", url, new byte[0]).status()).isEqualTo(204);
        assertGivenUp(url, Reason.CLIENT_ABORTED);
        assertThat(send("DELETE", url, new byte[0]).status()).isEqualTo(404);
        create(1);
    }

    @Test
    void an_upload_that_expires_or_that_an_operator_cancels_leaves_nothing() {
        String expired = create(1000);
        String cancelled = create(1000);
        patch(expired, 0, bytes(10));
        patch(cancelled, 0, bytes(10));
        saga.restart();
        connect();
        assertThat(head(expired).header("Upload-Offset")).isEqualTo("10");

        saga.execute("journal", "UPDATE upload SET expires_at = 1 WHERE saga_id = '" + id(expired) + "'");
        saga.execute("journal", "UPDATE saga SET lease_until = 1 WHERE saga_id = '" + id(expired) + "'");
        assertThat(api.post("/api/sagas/" + id(cancelled) + "/cancel", "").status())
                .isEqualTo(202);

        assertGivenUp(expired, Reason.CLIENT_ABORTED);
        assertGivenUp(cancelled, Reason.CANCELLED);
    }

    @Test
    void a_bucket_that_fails_loses_no_confirmed_byte() throws IOException {
        byte[] content = bytes(CHUNK + 100);
        String url = create(content.length);
        assertThat(patch(url, 0, Arrays.copyOf(content, 1000)).status()).isEqualTo(204);
        saga.s3().when(request -> request.method().equals("PUT")).always().answer(503, "SlowDown");
        Answer failed = patch(url, 1000, Arrays.copyOfRange(content, 1000, content.length));
        assertThat(failed.status()).isEqualTo(503);
        assertThat(failed.header("Tus-Resumable")).isEqualTo("1.0.0");
        saga.s3().clearRules();
        assertThat(head(url).header("Upload-Offset")).isEqualTo("1000");
        assertThat(patch(url, 1000, Arrays.copyOfRange(content, 1000, content.length))
                        .status())
                .isEqualTo(204);
        assertStored(url, content);
    }
}
