package dev.streamingsaga.page;

import static dev.streamingsaga.page.PageFixture.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The list of sagas is correct for any number of sagas, and says how many it shows. */
@Tag("one-jdk")
@Timeout(180)
class PageListTest {
    @TempDir
    Path directory;

    private PageFixture page;
    private Browser browser;

    private void start(String... settings) throws Exception {
        page = PageFixture.start(directory, settings);
        browser = page.browser;
    }

    @AfterEach
    void stop() {
        if (page != null) {
            page.close();
        }
    }

    @Test
    void sagas_that_need_attention_come_first_however_many_newer_sagas_there_are() throws Exception {
        start();
        String stuck = page.partial("stuck.txt", 301);
        page.endedLater(10_000);

        page.seesList("10,001");
        await().atMost(PATIENCE).until(() -> browser.text("#cleanup-count").equals("301"));
        assertThat(browser.text("#attention-count")).isEqualTo("1");
        assertThat(browser.text("[data-filter=attention] .n")).isEqualTo("1");
        assertThat(browser.text("[data-filter=completed] .n")).isEqualTo("9,000");
        assertThat(browser.text("[data-filter=compensated] .n")).isEqualTo("1,001");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").size() == 201);
        assertThat(browser.each(".row", "e.dataset.saga")).startsWith(stuck);
        assertThat(browser.text("[data-group=finished] .more")).startsWith("Showing 200 of 10,000.");
        assertThat(browser.text(".row .why")).contains("301 clean-ups open");
        browser.picture("ten-thousand");
        browser.click("[data-group=finished] [data-action=more]");
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-group=finished] .more").startsWith("Showing 400 of 10,000."));
        assertThat(browser.each("[data-group=finished] .row", "e.dataset.saga"))
                .hasSize(400)
                .doesNotHaveDuplicates();

        browser.click("[data-filter=attention]");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").equals(List.of(stuck)));
        browser.click("[data-filter=all]");
        browser.type("#filter", "STUCK");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").equals(List.of(stuck)));
        await().atMost(PATIENCE).until(() -> browser.text(".found").equals("1 saga matches."));
        browser.empty("#filter");
        browser.type("#filter", "later-17.pdf");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row strong", "e.textContent").equals(List.of("later-17.pdf")));

        page.saga.execute("journal", "UPDATE cleanup SET state = 'DONE'");
        page.saga.execute("journal", "UPDATE saga SET state = 'COMPENSATED' WHERE saga_id = '" + stuck + "'");
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=attention] .n").equals("0"));
        browser.go("#/");
        browser.empty("#filter");
        browser.click("[data-filter=attention]");
        await().atMost(PATIENCE).until(() -> browser.text(".empty").equals("Nothing needs attention."));
        assertThat(browser.consoleProblems()).isEmpty();
    }

    @Test
    void waiting_sagas_have_a_group_of_their_own_oldest_first() throws Exception {
        start("saga.concurrency", "1");
        String running = page.running("first.bin");
        List<String> waiting =
                List.of(page.begun("second.bin", 100), page.begun("third.bin", 200), page.begun("fourth.bin", 300));

        await().atMost(PATIENCE)
                .until(() -> browser.each("[data-group=waiting] .row", "e.dataset.saga")
                        .equals(waiting));
        assertThat(browser.each("[data-group=running] .row", "e.dataset.saga")).containsExactly(running);
        assertThat(browser.text("[data-group=waiting] .group")).isEqualTo("Waiting, oldest first 3");
        assertThat(browser.each(".row .c-step", "e.textContent"))
                .containsExactly("upload", "waiting", "waiting", "waiting");
        browser.picture("waiting");
    }

    @Test
    void a_row_shows_each_fact_once_and_on_one_line() throws Exception {
        start();
        page.saga.ingest(page.saga.text("done.txt", 3));
        page.saga.execute("journal", "UPDATE saga SET received_at = received_at - 618000");
        await().atMost(PATIENCE).until(() -> browser.text(".row .c-age").equals("10 min ago"));

        assertThat(browser.each(".list thead th", "e.textContent"))
                .containsExactly("File", "State", "Size", "Progress", "Step", "Speed", "Time left", "Run", "Received");
        assertThat(browser.find(".row progress").isDisplayed())
                .as("a full bar adds no information")
                .isFalse();
        assertThat(browser.text(".row .bar-label")).startsWith("took 10 min");
        assertThat(browser.script("const range = document.createRange();"
                        + " range.selectNodeContents(document.querySelector('.row .c-age')); return"
                        + " range.getClientRects().length"))
                .isEqualTo(1L);
        browser.picture("done");
    }

    @Test
    void equal_errors_are_shown_once_with_a_count() throws Exception {
        start();
        String stuck = page.partial("stuck.txt", 301);
        page.saga.execute(
                "journal",
                "INSERT INTO event SELECT event_id || 'a', saga_id, at, kind, step, message, detail, told_at"
                        + " FROM event WHERE kind = 'COMPENSATION_ERROR'");
        browser.go("#/sagas/" + stuck);
        await().atMost(PATIENCE)
                .until(() -> browser.each(".cleanups tbody tr", "e.innerText").size() == 1);
        assertThat(browser.text(".cleanups .times")).isEqualTo(" (301 times)");
        assertThat(browser.text(".cleanups summary")).isEqualTo("and 300 more");
        assertThat(browser.each(".trouble p", "e.textContent"))
                .doesNotHaveDuplicates()
                .anyMatch(line -> line.endsWith(" (2 times)"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.each("h2", "e.textContent"))
                        .contains("1 chunk, as it was before the compensation"));
        browser.picture("stuck");
        browser.click("[data-action=resolve]");
        assertThat(browser.text("dialog")).contains("Close these 301 entries?");
        browser.type("#dialog-field", "removed by hand\n");
        await().atMost(PATIENCE).until(() -> page.state(stuck) == dev.streamingsaga.journal.SagaState.COMPENSATED);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.text(".note")).isEqualTo("Closed. The saga is compensated."));
    }
}
