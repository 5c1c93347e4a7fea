package dev.streamingsaga.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.content.TextContent;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What documents claim, and what they cost, as the production workers meet it; with small limits, to be quick. */
class HostilePdfTest {
    @TempDir
    Path dir;

    @AfterEach
    void requireNoTemporaryFiles() {
        assertThat(dir.resolve("data/spool/content")).isEmptyDirectory();
    }

    private Outline read(Path file, String... keysAndValues) {
        Map<String, String> values = new HashMap<>(Map.of(
                "saga.data.dir", dir.resolve("data").toString(),
                "saga.content.memory", "64MiB",
                "saga.content.cpu-time", "20s",
                "saga.content.cpu-time-per-mib", "0s"));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        SagaConfig config = Settings.parse(values);
        try (TextContent content = TextContent.create(
                config.documents().content(),
                config.servers().embedding(),
                config.dataDir().resolve("spool"),
                Isolations.open(config, true))) {
            return content.outline(DocumentSource.of(file), "application/pdf");
        }
    }

    private static void requireFirstPage(Outline outline, WarningCode... warnings) {
        assertThat(outline.segmentsPerPage()).startsWith(1);
        assertThat(outline.segments()).isEqualTo(1);
        assertThat(outline.warnings()).extracting(Warning::code).containsExactly(warnings);
    }

    @Test
    void counts_the_pages_that_are_there() throws IOException {
        Outline claimed = read(HostilePdf.claimedPages(dir.resolve("claimed.pdf"), 1_400_000_000));
        assertThat(claimed.pages()).isEqualTo(1);
        requireFirstPage(claimed);
        Outline repeated = read(HostilePdf.repeatedPages(dir.resolve("repeated.pdf")));
        assertThat(repeated.pages()).isEqualTo(1);
        requireFirstPage(repeated);
    }

    @Test
    void reads_pages_before_memory_ends() throws IOException {
        Outline outline = read(HostilePdf.emptyPages(dir.resolve("pages.pdf"), 50_000));
        assertThat(outline.pages()).isBetween(1, 50_000);
        assertThat(outline.pagesWithText()).isEqualTo(1);
        assertThat(outline.warnings())
                .extracting(Warning::code)
                .allMatch(code -> code == WarningCode.OUT_OF_MEMORY)
                .hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void has_no_text_of_a_document_whose_objects_alone_need_too_much_memory() throws IOException {
        Outline outline = read(HostilePdf.objects(dir.resolve("objects.pdf"), 3_000_000));
        assertThat(outline.segments()).isZero();
        assertThat(outline.warnings()).extracting(Warning::code).containsExactly(WarningCode.OUT_OF_MEMORY);
    }

    @Test
    void stops_at_a_page_with_too_many_operators() throws IOException {
        Outline outline = read(
                HostilePdf.operators(dir.resolve("operators.pdf"), 8_000_000),
                "saga.content.memory",
                "512MiB",
                "saga.content.cpu-time",
                "2s");
        requireFirstPage(outline, WarningCode.CPU_TIME);
        assertThat(outline.warnings().get(0).place()).isEqualTo("page 2");
    }

    @Test
    void an_attachment_that_unpacks_to_too_much_costs_no_page() throws IOException {
        Outline outline = read(HostilePdf.attachment(dir.resolve("attachment.pdf"), 2_000_000_000));
        requireFirstPage(outline, WarningCode.OUT_OF_MEMORY);
        assertThat(outline.pages()).isEqualTo(1);
    }

    @Test
    void stops_at_a_stream_that_unpacks_to_too_much() throws IOException {
        Path file = HostilePdf.blanks(dir.resolve("blanks.pdf"), 2_000_000_000);
        assertThat(file.toFile().length()).isLessThan(100_000);
        Outline outline = read(file);
        assertThat(outline.segmentsPerPage()).startsWith(1);
        assertThat(outline.warnings()).extracting(Warning::code).containsExactly(WarningCode.OUT_OF_MEMORY);
    }
}
