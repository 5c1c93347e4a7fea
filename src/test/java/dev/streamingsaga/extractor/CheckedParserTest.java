package dev.streamingsaga.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.outage.Dependency;
import dev.streamingsaga.outage.HostUnavailableException;
import dev.streamingsaga.outage.TransientFailures;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose fault it is that a parser fails. */
@Tag("unit")
class CheckedParserTest {
    @TempDir
    Path temporary;

    private final Extracted text = new Extracted();

    private static class Extracted implements TextSink {
        @Override
        public void pages(int total) {}

        @Override
        public void part(String path) {}

        @Override
        public void text(CharSequence part) {}

        @Override
        public void endPage() {}

        @Override
        public void about(String title, String author) {}

        @Override
        public void warn(WarningCode code, String place, String message) {}
    }

    private void read(TextExtractor parser) throws Exception {
        read(parser, text);
    }

    private void read(TextExtractor parser, TextSink sink) throws Exception {
        Path file = Files.writeString(temporary.resolve("document"), "Text");
        try (FileChannel bytes = FileChannel.open(file)) {
            new CheckedParser(parser, temporary.resolve("spool")).extract(bytes, sink);
        }
    }

    private void spool() throws IOException {
        Files.createDirectories(temporary.resolve("spool"));
    }

    private static void fillDisk() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/full")));
        try (FileOutputStream full = new FileOutputStream("/dev/full")) {
            full.write(1);
        }
    }

    private static void assertTransient(Throwable failure) {
        assertThat(failure).isInstanceOf(HostUnavailableException.class);
        assertThat(TransientFailures.outage(failure))
                .hasValueSatisfying(outage -> assertThat(outage.dependency()).isEqualTo(Dependency.HOST));
    }

    @Test
    void damage_is_the_fault_of_the_document() throws Exception {
        spool();
        for (Throwable damage : List.of(
                new IOException("No space left on device"), // quoted from the document
                new IllegalStateException(),
                new NoClassDefFoundError(),
                new StackOverflowError())) {
            assertThatThrownBy(() -> read((bytes, sink) -> {
                        if (damage instanceof Error error) {
                            throw error;
                        }
                        throw (Exception) damage;
                    }))
                    .isInstanceOfSatisfying(
                            ParsingException.class, e -> assertThat(e.failure()).isSameAs(damage));
        }
    }

    @Test
    void a_full_disk_is_not() throws Exception {
        spool();
        assertThatThrownBy(() -> read((bytes, sink) -> fillDisk())).satisfies(CheckedParserTest::assertTransient);
        assertThatThrownBy(() -> read((bytes, sink) -> {
                    try {
                        fillDisk();
                    } catch (IOException e) {
                        throw new UncheckedIOException("wrapped by a parser", e);
                    }
                }))
                .satisfies(CheckedParserTest::assertTransient);
    }

    @Test
    void a_folder_that_cannot_be_written_is_not() throws Exception {
        Files.writeString(temporary.resolve("spool"), "a file in place of the folder");
        assertThatThrownBy(() -> read((bytes, sink) -> {
                    throw new IOException("the parser has no temporary file");
                }))
                .satisfies(CheckedParserTest::assertTransient);
        assertThatThrownBy(() -> read((bytes, sink) -> sink.warn(WarningCode.DAMAGED, "", "the parser swallowed it")))
                .satisfies(CheckedParserTest::assertTransient);
        read((bytes, sink) -> sink.warn(WarningCode.ENCODING_GUESSED, "", "nothing is missing"));
    }

    @Test
    void an_interrupt_is_not() throws Exception {
        spool();
        assertThatThrownBy(() -> read((bytes, sink) -> {
                    throw new InterruptedIOException("the service stops");
                }))
                .satisfies(CheckedParserTest::assertTransient);
    }

    @Test
    void failures_of_the_sink_are_rethrown_as_they_are() throws Exception {
        spool();
        IllegalStateException bug = new IllegalStateException("a bug");
        assertThatThrownBy(() -> read(
                        (bytes, sink) -> {
                            try {
                                sink.about("", "");
                            } catch (IllegalStateException e) {
                                throw new IOException("wrapped by a parser");
                            }
                        },
                        new Extracted() {
                            @Override
                            public void about(String title, String author) {
                                throw bug;
                            }
                        }))
                .isSameAs(bug);
        assertThatThrownBy(() -> read((bytes, sink) -> {
                    throw new IOException(new TextSinkClosed("enough"));
                }))
                .isInstanceOf(TextSinkClosed.class);
    }

    @Test
    void says_in_words_what_is_damaged() {
        StringBuilder messages = new StringBuilder();
        ReadingFailures.warn(
                new Extracted() {
                    @Override
                    public void warn(WarningCode code, String place, String message) {
                        messages.append(code).append(": ").append(message);
                    }
                },
                new IOException(new java.util.zip.ZipException("secret")));
        assertThat(messages)
                .hasToString(
                        "DAMAGED: it is damaged or incomplete (it cannot be unpacked); text after the damage is not"
                                + " searchable");
    }
}
