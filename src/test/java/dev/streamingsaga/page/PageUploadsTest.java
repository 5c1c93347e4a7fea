package dev.streamingsaga.page;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.api.ApiKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Large files uploaded by the page, with a key and otherwise default settings. */
@Tag("one-jdk")
@Timeout(180)
class PageUploadsTest {
    private static final Pattern CHUNK = Pattern.compile("/chunk-(\\d+)$");

    @TempDir
    Path directory;

    private final CountDownLatch early = new CountDownLatch(1);
    private final CountDownLatch late = new CountDownLatch(1);
    private final CountDownLatch again = new CountDownLatch(1);
    private String key;
    private PageFixture page;
    private Browser browser;

    @BeforeEach
    void start() throws Exception {
        Path keys = directory.resolve("keys");
        key = ApiKeys.create(keys, "scanner", List.of("ingest", "read"));
        page = PageFixture.start(directory, "saga.http.keys-file", keys.toString());
        browser = page.browser;
        browser.type("#dialog-field", key + "\n");
        await().atMost(PageFixture.PATIENCE).until(() -> browser.text("#link").equals("live"));
        hold(2, 5, early);
        hold(6, 99, late);
    }

    /** No other chunks can be sent either, since these use up what an upload may have in flight. */
    private void hold(int first, int last, CountDownLatch until) {
        page.saga
                .s3()
                .when(method("PUT").and(request -> {
                    Matcher chunk = CHUNK.matcher(request.path());
                    return chunk.find()
                            && Integer.parseInt(chunk.group(1)) >= first
                            && Integer.parseInt(chunk.group(1)) <= last;
                }))
                .always()
                .delay(until);
    }

    @AfterEach
    void stop() {
        early.countDown();
        late.countDown();
        again.countDown();
        page.close();
    }

    private long sent() {
        return page.saga.journal().sagas().newest(1).stream()
                .mapToLong(saga -> page.saga.journal().chunks().sent(saga.sagaId()))
                .sum();
    }

    private long fullChunksOnDisk() throws IOException {
        try (Stream<Path> files = Files.list(page.saga.config().chunksInFlight())) {
            return files.filter(file -> file.toFile().length() == StreamingSagaFixture.CHUNK)
                    .count();
        }
    }

    private SagaState state() {
        return page.saga.journal().sagas().newest(1).get(0).state();
    }

    private void sees(String css, String... texts) {
        await(css)
                .atMost(PageFixture.PATIENCE)
                .untilAsserted(() -> assertThat(browser.text(css)).contains(texts));
    }

    @Test
    void a_large_file_is_paused_resumed_reloaded_and_cancelled() throws Exception {
        Path file = page.saga.file("Größe & Maß.bin", 70_000_000);
        browser.type("#pick", file.toString());
        await().atMost(PageFixture.PATIENCE).until(() -> sent() == 2);
        // Four are being sent and one waits for them. Otherwise a part of that one would arrive, and be kept.
        await().atMost(PageFixture.PATIENCE).until(() -> fullChunksOnDisk() == 5);
        browser.click("[aria-label='Pause Größe & Maß.bin']");
        sees(".upload .what", "paused: 10.5 MB of 70.0 MB received");
        browser.picture("upload-paused");

        browser.offline(true);
        browser.click("[aria-label='Resume Größe & Maß.bin']");
        sees(".upload .what", "the connection was lost; trying again in");
        browser.offline(false);
        sees(".upload .what", "another request has this upload", "trying again in");
        early.countDown();
        await().atMost(PageFixture.PATIENCE).until(() -> sent() == 6);

        browser.script("location.reload()");
        sees(".upload[data-unfinished] .what", "31.5 MB of 70.0 MB received; choose the same file again to continue");
        browser.picture("upload-unfinished");
        Path other = page.saga.file("other.bin", 20_000_000);
        browser.type(".upload input", other.toString());
        sees(".upload[data-unfinished] .what", "other.bin is another file");
        browser.type(".upload input", file.toString());
        late.countDown();
        await().atMost(PageFixture.PATIENCE).until(() -> state() == SagaState.COMPLETED);
        await().atMost(PageFixture.PATIENCE).until(() -> !browser.has(".upload"));
        assertThat(page.saga.journal().sagas().newest(5)).hasSize(1);
        assertThat(stored()).isEqualTo(Files.readAllBytes(file));
        assertThat(browser.each(".row strong", "e.textContent")).containsExactly("Größe & Maß.bin");
        assertThat(browser.script("return Object.keys(localStorage).filter(key => key.startsWith('tus::')).length"))
                .as("URLs kept")
                .isEqualTo(0L);
        for (int i = 0; i < 6; i++) {
            assertThat(page.saga.s3().count(method("PUT").and(keyEndsWith("/chunk-00000" + i))))
                    .as("how often chunk " + i + " was sent to the bucket")
                    .isOne();
        }
        cancelled(other);
        assertThat(browser.consoleProblems())
                .as("refused by the policy of the page")
                .noneMatch(problem -> problem.contains("Content Security Policy"));
    }

    private byte[] stored() throws Exception {
        String documentId = page.saga
                .journal()
                .sagas()
                .newest(1)
                .get(0)
                .document()
                .orElseThrow()
                .documentId();
        HttpRequest request = HttpRequest.newBuilder(page.saga
                        .application()
                        .address()
                        .orElseThrow()
                        .resolve("/api/documents/" + documentId + "/content"))
                .header("Authorization", "Bearer " + key)
                .build();
        return HttpClient.newHttpClient()
                .send(request, BodyHandlers.ofByteArray())
                .body();
    }

    private void cancelled(Path file) {
        page.saga.s3().clearRules();
        hold(1, 99, again);
        browser.type("#pick", file.toString());
        await().atMost(PageFixture.PATIENCE).until(() -> state() == SagaState.UPLOADING && sent() >= 1);
        String sagaId = page.saga.journal().sagas().newest(1).get(0).sagaId();
        browser.click("[aria-label='Cancel other.bin']");
        again.countDown();
        await().atMost(PageFixture.PATIENCE).until(() -> !browser.has(".upload"));
        await().atMost(PageFixture.PATIENCE).until(() -> state() == SagaState.COMPENSATED);
        assertThat(page.saga.keys()).noneMatch(key -> key.contains(sagaId));
        assertThat(page.saga.journal().sagas().newest(1).get(0).reason()).contains(Reason.CLIENT_ABORTED);
    }
}
