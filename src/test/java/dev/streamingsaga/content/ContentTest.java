package dev.streamingsaga.content;

import static dev.streamingsaga.content.ContentFixture.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.content.ContentFixture.Read;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.testkit.SamplePdf;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.text.PDFTextStripper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class ContentTest {
    private static final int PAGES = 120;

    @TempDir
    static Path dir;

    private static TextContent content;
    private static Path pdf;
    private static Read whole;

    @BeforeAll
    static void readOnce() throws IOException {
        content = ContentFixture.content(dir.resolve("spool"));
        pdf = dir.resolve("sample.pdf");
        SamplePdf.write(pdf, PAGES, 6_000_000);
        whole = read(content, pdf);
    }

    @AfterAll
    static void close() {
        content.close();
        assertThat(dir.resolve("spool/content")).isEmptyDirectory();
    }

    private static void awaitNoThreadsLeft() {
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("saga-content-")));
    }

    @Test
    void delivers_all_pages_in_reading_order() {
        List<Segment> segments =
                whole.segments().stream().map(EmbeddedSegment::segment).toList();
        assertThat(segments)
                .extracting(Segment::ordinal)
                .containsExactlyElementsOf(
                        IntStream.range(0, segments.size()).boxed().toList());
        assertThat(segments).extracting(Segment::page).isSorted();
        for (int page = 1; page <= PAGES; page++) {
            assertThat(whole.page(page))
                    .contains(SamplePdf.english(page), SamplePdf.german(page), SamplePdf.hyphenated(page));
        }
        awaitNoThreadsLeft();
    }

    @Test
    void loses_no_word_of_a_page() throws IOException {
        try (PDDocument document = Loader.loadPDF(pdf.toFile())) {
            PDFTextStripper stripper = new PDFTextStripper();
            stripper.setStartPage(17);
            stripper.setEndPage(17);
            String raw = stripper.getText(document).replaceAll("verarbei-\\R", "verarbei");
            assertThat(whole.page(17).split("\\s+")).containsExactly(raw.strip().split("\\s+"));
        }
    }

    @Test
    void keeps_every_segment_within_the_model_limit() {
        Embedder model = content.embedder();
        assertThat(whole.texts())
                .allSatisfy(text -> assertThat(model.countTokens(text)).isLessThanOrEqualTo(model.maxTokens()));
        assertThat(whole.segments()).allSatisfy(segment -> {
            assertThat(segment.vector()).hasSize(model.dimension());
            assertThat(ContentFixture.cosine(segment.vector(), segment.vector()))
                    .isBetween(0.999, 1.001);
        });
    }

    @Test
    void describes_the_document() {
        Outline outline = whole.outline();
        assertThat(outline.pages()).isEqualTo(PAGES);
        assertThat(outline.segments()).isEqualTo(whole.segments().size());
        assertThat(outline.segmentsPerPage().get(4)).isEqualTo((int) whole.segments().stream()
                .filter(segment -> segment.segment().page() == 5)
                .count());
        assertThat(outline.title()).isEqualTo(SamplePdf.TITLE);
        assertThat(outline.author()).isEqualTo(SamplePdf.AUTHOR);
        assertThat(content.outline(DocumentSource.of(pdf), "application/pdf")).isEqualTo(outline);
    }

    @Test
    void reports_progress_up_to_the_end() {
        assertThat(whole.progress()).hasSizeGreaterThan(5);
        assertThat(whole.progress().get(whole.progress().size() - 1))
                .isEqualTo(PAGES + "/" + PAGES + ":" + whole.segments().size());
        assertThat(whole.progress()).allMatch(report -> report.contains("/" + PAGES + ":"));
    }

    @Test
    void resumes_after_a_segment_with_the_same_texts_and_vectors() {
        int first = whole.segments().size() - 40;
        Read rest = read(content, pdf, first);

        assertThat(rest.outline()).isEqualTo(whole.outline());
        assertThat(rest.segments()).hasSize(40);
        for (int i = 0; i < 40; i++) {
            assertThat(rest.segments().get(i).segment())
                    .isEqualTo(whole.segments().get(first + i).segment());
            assertThat(rest.segments().get(i).vector())
                    .isEqualTo(whole.segments().get(first + i).vector());
        }
    }

    @Test
    void finds_the_page_by_its_meaning() {
        float[] question = content.embedder().embedQuery("Who counted 8838 gulls at the lighthouse of page 12?");
        List<EmbeddedSegment> best = whole.segments().stream()
                .sorted((a, b) -> Double.compare(
                        ContentFixture.cosine(b.vector(), question), ContentFixture.cosine(a.vector(), question)))
                .limit(10)
                .toList();
        assertThat(best).allMatch(segment -> segment.segment().text().contains("lighthouse keeper"));
    }

    @Test
    void stops_everything_when_the_sink_fails() {
        IllegalStateException full = new IllegalStateException("store is full");
        List<Integer> ordinals = new ArrayList<>();
        assertThatThrownBy(() -> content.embed(
                        DocumentSource.of(pdf),
                        "application/pdf",
                        Resumption.NONE,
                        batch -> {
                            ordinals.add(batch.get(0).segment().ordinal());
                            throw full;
                        },
                        (pages, total, segments) -> {}))
                .isSameAs(full);
        assertThat(ordinals).containsExactly(0);
        awaitNoThreadsLeft();
    }

    @Test
    void stops_everything_when_the_caller_is_interrupted() {
        try {
            assertThatThrownBy(() -> content.embed(
                            DocumentSource.of(pdf),
                            "application/pdf",
                            Resumption.NONE,
                            batch -> Thread.currentThread().interrupt(),
                            (pages, total, segments) -> {}))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CANCELLED));
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        awaitNoThreadsLeft();
    }

    @Test
    void reports_a_missing_source() {
        assertThatThrownBy(() -> content.outline(DocumentSource.of(dir.resolve("gone.pdf")), "application/pdf"))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FILE_NOT_FOUND));
    }

    @Test
    void finds_no_text_in_damaged_truncated_and_encrypted_pdfs_and_in_images() throws IOException {
        Path damaged = Files.writeString(
                dir.resolve("damaged.pdf"), "%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 7 0 R>>\nstream");
        Path locked = dir.resolve("locked.pdf");
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage());
            document.protect(new StandardProtectionPolicy("owner", "user", new AccessPermission()));
            document.save(locked.toFile());
        }
        Path image = Files.write(
                dir.resolve("image.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
        byte[] bytes = Files.readAllBytes(pdf);
        Path truncated = Files.write(dir.resolve("half.pdf"), Arrays.copyOf(bytes, bytes.length / 2));
        Map<Path, List<WarningCode>> expected = Map.of(
                damaged, List.of(WarningCode.DAMAGED),
                locked, List.of(WarningCode.LOCKED),
                truncated, List.of(WarningCode.DAMAGED),
                image, List.of(WarningCode.TYPE_UNKNOWN));
        expected.forEach((file, warnings) -> {
            Read read = read(content, file);
            assertThat(read.outline().pages()).as(file.toString()).isZero();
            assertThat(read.outline().warnings())
                    .as(file.toString())
                    .extracting(Warning::code)
                    .isEqualTo(warnings);
            assertThat(read.segments()).isEmpty();
        });
    }

    @Test
    void counts_pages_and_segments_through_all_parts() throws IOException {
        Path offer = dir.resolve("offer.pdf");
        SamplePdf.write(offer, 2, 0);
        Path mail = Files.writeString(dir.resolve("mail.eml"), """
                From: a@example.org
                Subject: Offer
                Date: today
                Content-Type: multipart/mixed; boundary=b

                --b
                Content-Type: application/pdf; name=offer.pdf
                Content-Transfer-Encoding: base64

                %s
                --b--
                """.formatted(
                        Base64.getMimeEncoder().encodeToString(Files.readAllBytes(offer))));
        Read read = read(content, mail);
        List<Segment> segments =
                read.segments().stream().map(EmbeddedSegment::segment).toList();
        Segment last = segments.get(segments.size() - 1);

        assertThat(read.outline().pages()).isEqualTo(3);
        assertThat(read.outline().title()).isEqualTo("Offer");
        assertThat(segments.get(0))
                .extracting(Segment::part, Segment::page, Segment::partPage)
                .containsExactly("", 1, 1);
        assertThat(last)
                .extracting(Segment::part, Segment::page, Segment::partPage)
                .containsExactly("offer.pdf", 3, 2);
        assertThat(last.ordinal()).isEqualTo(segments.size() - 1);
        assertThat(read(content, mail, 2).segments().get(0).segment()).isEqualTo(segments.get(2));
    }

    @Test
    void counts_pages_without_text() throws IOException {
        Path blank = dir.resolve("blank.pdf");
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage());
            document.addPage(new PDPage());
            document.save(blank.toFile());
        }
        assertThat(read(content, blank).outline()).isEqualTo(new Outline(2, List.of(0, 0), "", "", List.of()));
    }

    @Test
    void reads_text_files_in_their_charset() throws IOException {
        String text = "Die Möwen über der Küste schreien süß und größer als je zuvor. Ärger über Öl.";
        for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.ISO_8859_1, StandardCharsets.UTF_16)) {
            Path file = Files.write(dir.resolve(charset.name() + ".txt"), text.getBytes(charset));
            assertThat(read(content, file).texts()).as(charset.name()).containsExactly(text);
        }
    }

    @Test
    void reads_late_umlauts_of_an_otherwise_ascii_file_in_either_charset() throws IOException {
        String late = "Größere Möwen.";
        for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.ISO_8859_1)) {
            Path file = Files.write(
                    dir.resolve("late.txt"),
                    ("Plain words, one sentence of many, all of them ASCII. ".repeat(1_500) + "\n\n" + late)
                            .getBytes(charset));
            List<String> texts = read(
                            content,
                            file,
                            content.outline(DocumentSource.of(file), "text/plain")
                                            .segments()
                                    - 1)
                    .texts();
            assertThat(texts.get(0)).as(charset.name()).endsWith(late);
        }
    }

    @Test
    void splits_a_text_file_independently_of_its_length_and_stops_at_the_limit() throws IOException {
        String text = IntStream.range(0, 20_000)
                .mapToObj(i -> "Line %d of many.".formatted(i))
                .collect(Collectors.joining("\n"));
        Path file = Files.writeString(dir.resolve("long.txt"), text);
        try (TextContent limited =
                ContentFixture.content(dir.resolve("spool2"), "saga.content.max-text-chars", "100000")) {
            Outline outline = limited.outline(DocumentSource.of(file), "text/plain");
            List<String> last = read(limited, file, outline.segments() - 1).texts();
            assertThat(outline.pages()).isEqualTo(1);
            assertThat(last).hasSize(1);
            assertThat(text.replace('\n', ' ').substring(0, 100_000))
                    .endsWith(last.get(0).strip());
        }
        try (TextContent limited =
                ContentFixture.content(dir.resolve("spool4"), "saga.content.max-text-chars", "5000")) {
            Outline outline = read(limited, pdf).outline();
            assertThat(outline.pages()).isEqualTo(PAGES);
            assertThat(outline.segmentsPerPage().get(PAGES - 1)).isZero();
            assertThat(outline.warnings()).extracting(Warning::code).containsExactly(WarningCode.TEXT_TRUNCATED);
        }
        try (TextContent none = ContentFixture.content(dir.resolve("spool3"), "saga.content.max-text-chars", "0")) {
            assertThat(none.outline(DocumentSource.of(file), "text/plain")).isEqualTo(Outline.EMPTY);
            assertThat(none.outline(DocumentSource.of(file), "image/png"))
                    .as("no text is wanted")
                    .isEqualTo(Outline.EMPTY);
        }
    }
}
