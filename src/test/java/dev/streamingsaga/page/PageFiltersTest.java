package dev.streamingsaga.page;

import static dev.streamingsaga.page.PageFixture.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.Waiting;
import dev.streamingsaga.journal.WarningCode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Filters, the chart, and commands for all that is listed, with 10 000 sagas. */
@Tag("one-jdk")
@Timeout(300)
class PageFiltersTest {
    @TempDir
    Path directory;

    private PageFixture page;
    private Browser browser;

    @AfterEach
    void stop() {
        if (page != null) {
            page.close();
        }
    }

    @Test
    void filters_sums_and_commands_cover_all_sagas_of_the_server() throws Exception {
        page = PageFixture.start(directory);
        browser = page.browser;
        String stuck = page.partial("stuck.txt", 301);
        String paused = page.paused("a-name-that-is-as-long-as-names-of-scanners-are_".repeat(4) + ".bin");
        page.endedLater(10_000);
        page.saga.execute("journal", "UPDATE saga SET owner = 'audit' WHERE file_name = 'later-20.pdf'");
        page.saga.execute(
                "journal",
                "UPDATE saga SET finished_at = (SELECT max(received_at) FROM saga) - (substr(saga_id, 3) % 20) * 3600000,"
                        + " size_bytes = 1000000 + (substr(saga_id, 3) % 7) * 300000"
                        + " WHERE saga_id LIKE 'zz%'");
        page.saga.execute(
                "journal",
                "UPDATE saga SET state = 'UPLOADING', reason = NULL, finished_at = NULL, published_at = NULL,"
                        + " node = 'two', format = 99, waiting_since = received_at, next_attempt_at = received_at,"
                        + " waiting_for = '" + Waiting.forHost("two") + "' WHERE saga_id = 'zz1000030'");
        warned();
        page.countAgain();
        browser.go("#/search");
        browser.go("#/");

        page.seesList("10,002");
        await().atMost(PATIENCE).until(() -> browser.has(".chart rect.compensated"));
        assertThat(browser.text(".chart summary"))
                .startsWith("Last 24 hours: 9,000 completed (")
                .contains("1,00");
        assertThat(browser.each(".numbers tbody tr", "e.innerText")).hasSizeGreaterThan(15);
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-saga=zz1000030] .why")
                        .equals("waits for its host two, which has the original · needs a newer version"));
        assertThat(browser.find("#down").isDisplayed())
                .as("a host is no outage")
                .isFalse();
        shoot("scale-all");
        assertThat(browser.find(".bulk").isDisplayed())
                .as("not for all sagas of the server")
                .isFalse();

        assertThat(browser.each("#filter-reason option", "e.value").stream().filter(value -> !value.isEmpty()))
                .containsExactlyElementsOf(
                        Stream.of(Reason.values()).map(Reason::name).toList());
        assertThat(browser.each("#filter-warning option", "e.value").stream().skip(2))
                .containsExactlyElementsOf(
                        Stream.of(WarningCode.values()).map(WarningCode::name).toList());
        browser.click(".filters summary");
        browser.type("#filter-owner", "audit" + Keys.ENTER);
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row strong", "e.textContent").equals(List.of("later-20.pdf")));
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=all] .n").equals("1"));
        shoot("scale-filtered");
        browser.click("[data-action=clear]");
        page.seesList("10,002");

        browser.click("[data-filter=warned]");
        await().atMost(PATIENCE)
                .until(() ->
                        browser.each(".row strong", "e.textContent").equals(List.of("later-12.pdf", "later-11.pdf")));
        assertThat(browser.text("[data-filter=warned] .n")).isEqualTo("2");
        assertThat(browser.each(".row .warned", "e.textContent + ': ' + e.title"))
                .containsExactly("1 warning: locked", "2 warnings: no text layer, locked");
        shoot("warnings-list");
        browser.type("#filter-warning", "no text layer");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row strong", "e.textContent").equals(List.of("later-11.pdf")));
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=warned] .n").equals("1"));
        browser.click("[data-action=clear]");
        browser.go("#/sagas/zz1000011");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".warnings li", "e.textContent")
                        .equals(List.of(
                                "pages 3-7, 12: They show something, but have no text. no text layer",
                                "annex.pdf: It needs a password. locked")));
        assertThat(browser.text(".warnings h2")).isEqualTo("2 warnings");
        shoot("warnings-detail");
        browser.go("#/");

        browser.click("[data-filter=attention]");
        await().atMost(PATIENCE)
                .until(() -> browser.each(".row", "e.dataset.saga").containsAll(List.of(stuck, paused)));
        shoot("scale-attention");
        browser.click("[data-action=cancel-all]");
        assertThat(browser.find("#dialog-title").getText()).isEqualTo("Cancel 1 saga?");
        browser.click("dialog button[value=yes]");
        await().atMost(PATIENCE).until(() -> page.state(paused) == SagaState.COMPENSATED);

        browser.go("#/cleanups");
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=blocked] .n").equals("301"));
        await().atMost(PATIENCE).until(() -> browser.text("p.more").startsWith("Showing 200 of 301."));
        shoot("scale-cleanups");
        browser.click("[data-action=more]");
        await().atMost(PATIENCE).until(() -> browser.text(".cleanups summary").equals("and 300 more"));
        browser.click("[data-action=resolve-all]");
        assertThat(browser.find("#dialog-title").getText()).isEqualTo("Close 301 entries?");
        browser.type("#dialog-field", "removed by hand\n");
        await().atMost(PATIENCE).until(() -> page.state(stuck) == SagaState.COMPENSATED);
        assertThat(page.saga.journal().cleanups().of(stuck))
                .hasSize(301)
                .allMatch(entry -> entry.state() == CleanupEntry.CleanupState.RESOLVED);
        await().atMost(PATIENCE).until(() -> browser.text(".empty").contains("Nothing to clean up"));
        assertThat(browser.consoleProblems()).isEmpty();
    }

    private void warned() {
        page.saga.execute(
                "journal",
                "UPDATE saga SET warning_count = 2, warning_codes = 'NO_TEXT_LAYER,LOCKED'"
                        + " WHERE file_name = 'later-11.pdf'");
        page.saga.execute(
                "journal",
                "INSERT INTO warning VALUES ('zz1000011', 0, 'NO_TEXT_LAYER', 'pages 3-7, 12',"
                        + " 'They show something, but have no text.'),"
                        + " ('zz1000011', 1, 'LOCKED', 'annex.pdf', 'It needs a password.')");
        page.saga.execute(
                "journal",
                "UPDATE saga SET warning_count = 1, warning_codes = 'LOCKED' WHERE file_name = 'later-12.pdf'");
    }

    /** Pictures on a desktop and a phone; nothing is wider than the screen. */
    private void shoot(String name) {
        for (int width : List.of(390, 1280)) {
            browser.width(width);
            assertThat(browser.script(
                            "const page = document.documentElement; return page.scrollWidth - page.clientWidth"))
                    .as("%s is wider than %d pixels", name, width)
                    .isEqualTo(0L);
            browser.picture(name + "-" + width);
        }
    }
}
