package dev.streamingsaga.page;

import static dev.streamingsaga.page.PageFixture.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page for users with a screen reader, only a keyboard, or low vision. */
@Tag("one-jdk")
@Timeout(300)
class PageAccessibilityTest {
    @TempDir
    Path directory;

    private PageFixture page;
    private Browser browser;

    private void start(String... settings) throws IOException {
        page = PageFixture.start(directory, settings);
        browser = page.browser;
    }

    @AfterEach
    void stop() {
        if (page != null) {
            page.close();
        }
    }

    /** Serious and critical violations that axe-core finds in the current view. */
    private List<String> violations() throws IOException {
        if (browser.script("return typeof axe").equals("undefined")) {
            try (InputStream axe = Objects.requireNonNull(getClass().getResourceAsStream("/axe.min.js"))) {
                browser.script(new String(axe.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return browser.later("""
                const done = arguments[arguments.length - 1];
                axe.run(document, { resultTypes: ['violations'] }).then(found => done(found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
                    .map(v => v.impact + ' ' + v.id + ': ' + v.nodes.map(n => n.html.slice(0, 200) + ' ' + (n.any[0]?.message ?? '')).join(' | '))), problem => done([String(problem)]))""");
    }

    @Test
    void has_no_serious_violation_in_any_view_light_or_dark_wide_or_narrow() throws Exception {
        start("saga.concurrency", "3");
        assertThat(violations()).as("empty list").isEmpty();
        String partial = page.partial("stuck.txt", 301);
        String done = page.saga.ingest(page.saga.text("done.txt", 40)).sagaId();
        String paused = page.paused("paused.bin");
        String running = page.running("running.bin");
        page.running("second.bin");
        page.running("third.bin");
        page.begun("waiting.bin", 100);
        page.endedLater(300);
        page.seesList("307");
        for (int width : List.of(1280, 400)) {
            for (boolean dark : List.of(false, true)) {
                browser.width(width);
                browser.scheme(dark);
                String look = width + (dark ? "-dark" : "-light");
                for (Map.Entry<String, String> view : Map.of(
                                "#/",
                                ".row",
                                "#/sagas/" + partial,
                                ".cleanups",
                                "#/sagas/" + done,
                                ".stores",
                                "#/sagas/" + paused,
                                "[data-action=resume]",
                                "#/sagas/" + running,
                                "canvas",
                                "#/cleanups",
                                ".cleanups",
                                "#/search",
                                "form")
                        .entrySet()) {
                    browser.go(view.getKey());
                    browser.find(view.getValue());
                    assertThat(violations()).as("%s %s", look, view.getKey()).isEmpty();
                    assertThat(
                                    browser.script(
                                            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                            .as("%s %s needs no scrolling sideways", look, view.getKey())
                            .isEqualTo(0L);
                    browser.picture("view-" + look + "-"
                            + view.getKey()
                                    .replaceAll("\\W+", "")
                                    .replace(partial, "partial")
                                    .replace(done, "done")
                                    .replace(paused, "paused")
                                    .replace(running, "running"));
                }
                browser.go("#/sagas/" + running);
                browser.click("[data-action=cancel]");
                assertThat(violations()).as("%s dialog", look).isEmpty();
                browser.escape();
            }
        }
        browser.go("#/search");
        browser.type("#filter", "lighthouse keeper\n");
        browser.find(".hits li");
        assertThat(violations()).as("hits").isEmpty();
        browser.picture("view-hits");
    }

    @Test
    void each_change_of_view_focuses_its_heading_and_sets_the_tab_title() throws Exception {
        start();
        page.saga.ingest(page.saga.text("done.txt", 3));
        await().atMost(PATIENCE).until(() -> browser.title().equals("Sagas – Streaming Saga"));
        browser.click("nav [data-view=cleanups]");
        seesHeading("Clean-ups", "Clean-ups – Streaming Saga");
        browser.click("nav [data-view=search]");
        seesHeading("Search", "Search – Streaming Saga");
        browser.click("nav [data-view=sagas]");
        seesHeading("Sagas", "Sagas – Streaming Saga");
        browser.click(".row a");
        seesHeading("done.txt", "done.txt (completed) – Streaming Saga");
        browser.find(".timeline");
        assertThat(focus()).as("after it was drawn").isEqualTo("H1 done.txt");
    }

    private void seesHeading(String heading, String title) {
        await().atMost(PATIENCE)
                .until(() -> focus().equals("H1 " + heading) && browser.title().equals(title));
    }

    private String focus() {
        return String.valueOf(
                browser.script("return document.activeElement.tagName + ' ' + document.activeElement.textContent"));
    }

    @Test
    void the_focus_stays_while_the_view_is_redrawn() throws Exception {
        start();
        String partial = page.partial("stuck.txt", 2);
        page.partial("other.txt", 1);
        browser.go("#/cleanups");
        await().atMost(PATIENCE)
                .until(() ->
                        browser.each(".cleanups tbody tr", "e.dataset.cleanup").size() == 2);
        browser.script("document.querySelectorAll('[data-action=retry]')[1].focus()");
        String focused = String.valueOf(browser.script("return document.activeElement.ariaLabel"));
        page.saga.execute("journal", "UPDATE cleanup SET attempts = 9");
        page.saga.execute("journal", "DELETE FROM cleanup WHERE saga_id = '" + partial + "' AND cleanup_id LIKE '%-2'");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.text(".cleanups [data-label=Attempts]"))
                        .isEqualTo("9"));
        assertThat(browser.script("return document.activeElement.ariaLabel")).isEqualTo(focused);
    }

    @Test
    void shortcuts_are_inactive_in_fields_and_when_switched_off() throws Exception {
        start();
        browser.press("/");
        await().atMost(PATIENCE)
                .until(() -> browser.script("return document.activeElement.id").equals("filter"));
        browser.press("cs");
        assertThat(browser.script("return document.activeElement.value")).isEqualTo("cs");
        assertThat(browser.hash()).isEmpty();
        browser.escape();
        browser.click("#shortcuts");
        browser.script("location.reload()");
        browser.find("#filter");
        await().atMost(PATIENCE)
                .until(() -> browser.script("return document.querySelector('#shortcuts').checked")
                        .equals(false));
        browser.script("document.body.focus()");
        browser.press("c");
        browser.press("/");
        assertThat(browser.hash()).isEmpty();
        assertThat(browser.script("return document.activeElement.id")).isNotEqualTo("filter");
        browser.click("#shortcuts");
        browser.script("document.querySelector('#shortcuts').blur()");
        browser.press("c");
        await().atMost(PATIENCE).until(() -> browser.hash().equals("#/cleanups"));
    }
}
