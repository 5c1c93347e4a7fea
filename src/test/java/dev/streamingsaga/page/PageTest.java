package dev.streamingsaga.page;

import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.api.ApiKeys;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.ChunkTally;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, with the whole application. */
@Tag("one-jdk")
@Timeout(180)
class PageTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final CountDownLatch held = new CountDownLatch(1);
    private StreamingSagaFixture saga;
    private Browser browser;

    private void start(String... settings) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of("saga.http.enabled", "true", "saga.s3.timeout", "120s"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        saga = StreamingSagaFixture.start(directory, all);
        browser = Browser.open(saga.application().address().orElseThrow());
    }

    @AfterEach
    void stop() {
        held.countDown();
        if (browser != null) {
            browser.close();
        }
        saga.close();
    }

    private CompletableFuture<IngestResult> ingesting(Path file) {
        return Background.run("ingest", () -> saga.ingest(file));
    }

    private SagaState state(String sagaId) {
        return saga.journal().sagas().find(sagaId).orElseThrow().state();
    }

    /** A saga that waits for its second chunk until the latch opens. */
    private String running(String name) {
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).always().delay(held);
        ingesting(saga.file(name, 10_000_000));
        await().atMost(PATIENCE)
                .until(() -> saga.journal().sagas().newest(1).stream()
                        .anyMatch(s -> saga.journal().chunks().sent(s.sagaId()) >= 1));
        return saga.journal().sagas().newest(1).get(0).sagaId();
    }

    private String entry(IngestResult result) {
        return saga.journal().cleanups().of(result.sagaId()).get(0).cleanupId();
    }

    private long bytes(String sagaId) {
        Map<ChunkState, ChunkTally> tally = saga.journal().chunks().tally(sagaId);
        return tally.getOrDefault(ChunkState.SENT, ChunkTally.NONE).bytes()
                + tally.getOrDefault(ChunkState.VERIFIED, ChunkTally.NONE).bytes();
    }

    @Test
    void twenty_sagas_from_all_ingestion_endpoints_have_bars_that_match_the_journal() throws Exception {
        Path drop = Files.createDirectory(directory.resolve("drop"));
        start(Stream.concat(
                        Stream.of("saga.concurrency", "20"),
                        Stream.of(IngestionEndpoints.settings(drop, directory.resolve("in"))))
                .toArray(String[]::new));
        await().atMost(PATIENCE).until(() -> browser.text(".empty").contains("Nothing here yet"));
        browser.picture("idle");
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).always().delay(held);
        IngestionEndpoints endpoints = new IngestionEndpoints(saga, drop);
        List<CompletableFuture<IngestResult>> java = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            names.add("report-" + i + ".bin");
            Path file = saga.file(names.get(i), 5_300_000L + i * 10_000L);
            switch (i % 6) {
                case 0 -> endpoints.drop(file);
                case 1 -> endpoints.put(file);
                case 2 -> endpoints.post(file);
                case 3 -> endpoints.bytes(file);
                case 4 -> endpoints.claimCheck(file);
                default -> java.add(ingesting(file));
            }
        }

        await().atMost(PATIENCE).untilAsserted(() -> {
            Map<String, String> journal = new HashMap<>();
            saga.journal()
                    .sagas()
                    .newest(50)
                    .forEach(s -> journal.put(
                            s.sagaId(),
                            "5242880/" + s.document().map(d -> d.sizeBytes()).orElse(0L)));
            assertThat(journal)
                    .hasSize(20)
                    .allSatisfy((id, shown) -> assertThat(bytes(id)).isEqualTo(5_242_880));
            Map<String, String> page = new HashMap<>();
            List<String> ids = browser.each(".row", "e.dataset.saga");
            List<String> bars = browser.each(".row .bar", "e.dataset.done + '/' + e.dataset.total");
            IntStream.range(0, ids.size()).forEach(i -> page.put(ids.get(i), bars.get(i)));
            assertThat(page).isEqualTo(journal);
        });
        assertThat(browser.each(".row strong", "e.textContent"))
                .as("from every endpoint")
                .containsExactlyInAnyOrderElementsOf(names);
        browser.picture("twenty-running");
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=running] .n").equals("20"));

        held.countDown();
        java.forEach(one -> assertThat(one.join().status()).isEqualTo("COMPLETED"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(saga.journal().sagas().newest(50))
                        .hasSize(20)
                        .allMatch(s -> s.state() == SagaState.COMPLETED));
        assertThat(saga.keys())
                .as("chunks in the bucket")
                .filteredOn(key -> key.contains("/chunk-"))
                .hasSize(40);
        assertThat(saga.rows("relational", "relational_document")).isEqualTo(20);
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=completed] .n").equals("20"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.each(".row .bar", "e.dataset.done === e.dataset.total"))
                        .hasSize(20)
                        .containsOnly("true"));
        assertThat(browser.consoleProblems()).isEmpty();
    }

    @Test
    void cancel_asks_first_and_says_what_it_removes() throws Exception {
        start("saga.compensation.step-timeout", "60s");
        String sagaId = running("contract.bin");
        browser.go("#/sagas/" + sagaId);
        browser.find(".saga > .bar[data-done='5242880']");
        browser.click("[data-action=cancel]");
        assertThat(browser.text("dialog"))
                .contains(
                        "Cancel contract.bin?",
                        "1 chunk (5.2 MB) will be removed from the bucket",
                        "original file is not touched");
        browser.picture("cancel");
        browser.click("dialog menu button:first-child");
        assertThat(state(sagaId)).as("after going back").isEqualTo(SagaState.UPLOADING);

        browser.click("[data-action=cancel]");
        browser.click("dialog .danger");
        await().atMost(PATIENCE).until(() -> browser.text(".head .state").equals("compensating"));
        browser.picture("compensating");
        held.countDown();

        await().atMost(PATIENCE).until(() -> browser.text(".head .state").equals("compensated"));
        assertThat(state(sagaId)).isEqualTo(SagaState.COMPENSATED);
        saga.assertNothingAnywhere();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.each(".lane li strong", "e.textContent"))
                        .startsWith("upload"));
        browser.picture("compensated");
        assertThat(browser.has("[data-action=cancel]"))
                .as("no cancel button after the end")
                .isFalse();
    }

    @Test
    void sagas_with_residue_come_first_and_can_be_retried_or_resolved() throws Exception {
        start();
        assertThat(saga.ingest(saga.text("fine.txt", 3)).status()).isEqualTo("COMPLETED");
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).always().answer(403, "AccessDenied");
        saga.s3()
                .when(method("DELETE").or(method("POST")).and(keyContains("")))
                .always()
                .answer(403, "AccessDenied");
        IngestResult resolved = saga.ingest(saga.text("given-up.txt", 3));
        IngestResult partial = saga.ingest(saga.text("stuck.txt", 3));
        assertThat(List.of(resolved.status(), partial.status())).containsOnly("PARTIALLY_COMPENSATED");

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.each(".row", "e.dataset.saga"))
                        .hasSize(3)
                        .startsWith(partial.sagaId(), resolved.sagaId()));
        browser.click("nav [data-view=cleanups]");
        await().atMost(PATIENCE).until(() -> browser.text(".cleanups .resource").contains("chunk-000000"));
        browser.picture("cleanups");
        browser.click("[data-cleanup='" + entry(resolved) + "'] [data-action=resolve]");
        assertThat(browser.text("dialog")).contains("Nothing is removed");
        browser.picture("resolve");
        browser.type("#dialog-field", "removed by hand\n");
        await().atMost(PATIENCE).until(() -> state(resolved.sagaId()) == SagaState.COMPENSATED);
        assertThat(saga.journal().cleanups().of(resolved.sagaId()))
                .singleElement()
                .satisfies(e -> assertThat(e.resolution()).isEqualTo("removed by hand"));
        assertThat(saga.keys()).as("closing an entry removes nothing").anyMatch(key -> key.contains(resolved.sagaId()));

        saga.s3().clearRules();
        browser.click("[data-cleanup='" + entry(partial) + "'] [data-action=retry]");
        await().atMost(PATIENCE).until(() -> state(partial.sagaId()) == SagaState.COMPENSATED);
        assertThat(saga.keys()).as("objects in the bucket").noneMatch(key -> key.contains(partial.sagaId()));
        await().atMost(PATIENCE).until(() -> browser.text("main .empty").contains("Nothing to clean up"));
        await().atMost(PATIENCE).until(() -> !browser.find("#cleanup-count").isDisplayed());
    }

    @Test
    void pause_and_resume_keep_what_was_sent() throws Exception {
        start();
        String sagaId = running("minutes.bin");
        browser.go("#/sagas/" + sagaId);
        String node = saga.journal().sagas().find(sagaId).orElseThrow().node();
        await().atMost(PATIENCE).until(() -> browser.text(".facts").contains(node));
        browser.click("[data-action=pause]");
        assertThat(browser.text("dialog")).contains("Nothing is removed");
        browser.click("dialog .primary");
        await().atMost(PATIENCE).until(() -> state(sagaId) == SagaState.PAUSED);
        assertThat(saga.keys()).as("sent chunks stay").anyMatch(key -> key.endsWith("/chunk-000000"));
        held.countDown();

        browser.click("[data-action=resume]");
        assertThat(browser.text("dialog")).contains("Run 2 starts");
        browser.click("dialog .primary");
        await().atMost(PATIENCE).until(() -> state(sagaId) == SagaState.COMPLETED);
        assertThat(saga.keys()).filteredOn(key -> key.contains("/chunk-")).hasSize(2);
        assertThat(saga.rows("relational", "relational_document")).isOne();
    }

    @Test
    void a_file_added_to_the_page_becomes_a_document_that_search_finds() throws Exception {
        start();
        browser.type(
                "#pick",
                saga.text("letter <img src=x onerror=alert(1)>.txt", 40).toString());
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row .state", "e.dataset.state").equals(List.of("COMPLETED")));
        SagaRecord stored = saga.journal().sagas().newest(1).get(0);
        Internals.ingest(saga.application().bundle()).await(stored.sagaId()); // until then it may be invisible
        assertThat(browser.text(".row strong"))
                .as("a name is text")
                .isEqualTo("letter <img src=x onerror=alert(1)>.txt");

        browser.press("s");
        browser.type("#filter", "lighthouse keeper and his 7 gulls\n");
        assertThat(browser.find(".hits .where a").getDomAttribute("href")).isEqualTo("#/sagas/" + stored.sagaId());
        assertThat(browser.each(".hits mark", "e.textContent")).contains("lighthouse");
        browser.picture("search");
        browser.click(".hits .where a");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".timeline [data-state=WRITTEN] .step", "e.textContent")
                                .size()
                        == 9);
        browser.picture("saga");
        assertThat(browser.each(".stores tbody tr", "e.innerText.replace(/\\s+/g, ' ').trim()"))
                .containsExactly(
                        "bucket (chunks) 1 1 ✓ as expected",
                        "security 1 1 ✓ as expected",
                        "vector 5 5 ✓ as expected",
                        "graph 7 7 ✓ as expected",
                        "relational 1 1 ✓ as expected");
        saga.execute("vector", "DELETE FROM vector_segment WHERE ordinal = 3");
        browser.script("location.reload()");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".stores .bad", "e.textContent").equals(List.of("✗ differs")));
        assertThat(browser.consoleProblems()).isEmpty();
        assertThat(
                        browser.script(
                                "return performance.getEntriesByType('resource').filter(e => new URL(e.name).origin !== location.origin).length"))
                .as("content from elsewhere")
                .isEqualTo(0L);
    }

    @Test
    void a_dropped_file_is_ingested_and_a_rejected_one_shows_the_reason() throws Exception {
        start("saga.file.max-size", "1KiB");
        String drop = """
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(arguments[1])], arguments[0]));
                for (const name of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }))""";
        browser.script(drop, "dropped.bin", 900);
        await().atMost(PATIENCE)
                .until(() -> saga.journal().sagas().newest(2).stream().anyMatch(s -> s.state() == SagaState.COMPLETED));
        browser.script(drop, "big.bin", 5000);
        await().atMost(PATIENCE).until(() -> browser.text(".upload.bad .what").contains("saga.file.max-size"));
        assertThat(saga.journal().sagas().newest(2)).hasSize(1);
    }

    @Test
    void the_versions_of_a_document_are_listed_and_lead_to_each_other() throws Exception {
        start("saga.duplicates", "version", "saga.versions.keep", "2");
        String newest = "";
        for (int lines : new int[] {1, 2, 3}) {
            newest = saga.ingest(saga.text("report.txt", lines)).sagaId();
        }

        browser.go("#/sagas/" + newest);

        await().atMost(PATIENCE).until(() -> rows(".versions tbody tr") == 3);
        assertThat(browser.text(".versions")).contains("current", "kept", "removed");
        assertThat(rows(".versions button")).as("downloads").isEqualTo(2);
        browser.click(".versions [data-version='1'] a");
        await().atMost(PATIENCE).until(() -> browser.has(".versions [data-version='3'] a"));
        assertThat(browser.has("[data-action='download']")).as("it is removed").isFalse();
    }

    private int rows(String css) {
        return browser.each(css, "e.tagName").size();
    }

    @Test
    void the_keyboard_opens_a_saga_and_returns() throws Exception {
        start();
        List<String> ids = new ArrayList<>();
        for (String name : List.of("first.txt", "second.txt")) {
            ids.add(0, saga.ingest(saga.text(name, 2)).sagaId());
        }
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").equals(ids));
        browser.press("j");
        browser.press("j");
        browser.press("\n");
        await().atMost(PATIENCE).until(() -> browser.hash().equals("#/sagas/" + ids.get(1)));
        browser.escape();
        await().atMost(PATIENCE).until(() -> browser.hash().equals("#/"));
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").equals(ids));
        browser.press("/");
        await().atMost(PATIENCE)
                .until(() -> browser.script("return document.activeElement.id").equals("filter"));
        browser.press("second");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").equals(List.of(ids.get(0))));
    }

    @Test
    void fits_a_narrow_dark_screen() throws Exception {
        start();
        String sagaId =
                running("a-rather-long-name-of-a-document-that-nobody-should-have-to-read-2025-final-final.bin");
        String light = String.valueOf(browser.script("return getComputedStyle(document.body).backgroundColor"));
        browser.width(400);
        browser.dark();
        for (String view : List.of("#/", "#/sagas/" + sagaId, "#/cleanups", "#/search")) {
            browser.go(view);
            browser.find("main h1, main h2");
            assertThat(browser.script(
                            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                    .as(view + " needs no scrolling sideways")
                    .isEqualTo(0L);
        }
        browser.go("#/sagas/" + sagaId);
        browser.find("canvas");
        browser.picture("narrow-dark");
        assertThat(browser.script("return getComputedStyle(document.body).backgroundColor"))
                .isNotEqualTo(light);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.each("canvas", "e.dataset.map"))
                        .isNotEmpty()
                        .allMatch(map -> map.matches("[sv][>.]+")));
    }

    @Test
    void asks_once_for_a_key_if_the_server_requires_one() throws Exception {
        Path keys = directory.resolve("keys");
        String key = ApiKeys.create(keys, "operator", List.of("read", "operate", "ingest"));
        start("saga.http.keys-file", keys.toString());
        browser.type("#dialog-field", "wrong\n");
        await().atMost(PATIENCE)
                .until(() -> browser.text("dialog").contains("not known")
                        && browser.script("return document.querySelector('#dialog-field').value")
                                .equals(""));
        browser.type("#dialog-field", key + "\n");
        await().atMost(PATIENCE).until(() -> browser.text("#link").equals("live"));
        saga.ingest(saga.text("seen.txt", 2));
        browser.click(".row");
        await().atMost(PATIENCE).until(() -> browser.has(".timeline"));
    }

    @Test
    void a_key_with_the_scope_ingest_only_can_upload_and_sees_what_it_lacks() throws Exception {
        Path keys = directory.resolve("keys");
        String key = ApiKeys.create(keys, "scanner", List.of("ingest"));
        start("saga.http.keys-file", keys.toString(), "saga.file.max-size", "1KiB");
        browser.type("#dialog-field", key + "\n");
        await().atMost(PATIENCE).until(() -> browser.text("#access").contains("lacks the scope read"));
        assertThat(browser.text("#link")).doesNotContain("disconnected");
        assertThat(browser.script("return getComputedStyle(document.querySelector('.empty')).display"))
                .as("no statement about sagas")
                .isEqualTo("none");
        browser.script("""
                const data = new DataTransfer();
                for (const [name, size] of [['sent.bin', 900], ['big.bin', 5000]]) data.items.add(new File([new Uint8Array(size)], name));
                document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))""");
        await().atMost(PATIENCE).until(() -> browser.has(".upload[data-status=COMPLETED]"));
        assertThat(browser.text(".upload[data-status=COMPLETED]")).contains("sent.bin", "completed");
        await().atMost(PATIENCE).until(() -> browser.text(".upload.bad .what").contains("saga.file.max-size"));
        browser.picture("only-sends");
        browser.go("#/search");
        browser.type("#filter", "gulls\n");
        await().atMost(PATIENCE).until(() -> browser.text(".note.bad").contains("lacks the scope read"));
        browser.click("#access button");
        await().atMost(PATIENCE).until(() -> browser.text("dialog").contains("Sign in"));
    }
}
