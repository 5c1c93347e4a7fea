package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.filetype.ContentTypes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fingerprint of how a text is split into segments. */
@Tag("unit")
class SegmentationTest {
    @TempDir
    Path directory;

    /** Without a model. */
    private String extraction(String... settings) {
        return new TextExtractors(
                        new ContentTypes(),
                        ContentFixture.config(settings).documents().content(),
                        directory)
                .segmentation(List.of());
    }

    private String splitting(String... settings) {
        try (TextContent content = ContentFixture.content(directory, settings)) {
            return content.segmentation();
        }
    }

    @Test
    void changes_with_every_setting_that_changes_the_text() throws Exception {
        Path passwords = Files.writeString(directory.resolve("passwords"), "secret");
        Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-------"));
        assertThat(Stream.of(
                        extraction(),
                        extraction("saga.content.charset", "iso-8859-15"),
                        extraction("saga.content.attachments.depth", "1"),
                        extraction("saga.content.attachments.max", "7"),
                        extraction("saga.content.attachments.max-size", "1 MiB"),
                        extraction("saga.content.passwords", passwords.toString())))
                .doesNotHaveDuplicates();
    }

    @Test
    void changes_with_every_setting_that_changes_segments_and_with_no_other() {
        assertThat(Stream.of(
                        splitting(),
                        splitting("saga.content.segment-tokens", "100"),
                        splitting("saga.content.segment-overlap-tokens", "7"),
                        splitting("saga.content.max-text-chars", "1000"),
                        splitting("saga.content.max-pages", "3")))
                .doesNotHaveDuplicates();
        assertThat(splitting("saga.embedding.threads", "1", "saga.content.memory", "1 GiB"))
                .isEqualTo(splitting());
    }
}
