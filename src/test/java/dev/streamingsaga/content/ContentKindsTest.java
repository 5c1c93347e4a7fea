package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.content.ContentFixture.Read;
import dev.streamingsaga.content.KindsOfFile.Sample;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table of {@code docs/content-kinds.md} is what reading one small file of each kind gives. To write it anew, run
 * {@code ./mvnw test-compile surefire:test@default-test -Dtest=ContentKindsTest -Dkinds.write=true}.
 */
@Tag("unit")
class ContentKindsTest {
    private static final Path PAGE = Path.of("docs/content-kinds.md");
    private static final String HEADER = "| kind of file | content type | text of | warnings |\n|---|---|---|---|\n";

    @TempDir
    Path dir;

    @Test
    void the_documented_table_is_what_files_give() throws Exception {
        Path passwords = Files.writeString(dir.resolve("passwords"), KindsOfFile.KNOWN_PASSWORD + "\n");
        Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-------"));
        StringBuilder table = new StringBuilder(HEADER);
        try (TextContent content = ContentFixture.content(
                dir.resolve("spool"),
                "saga.content.passwords",
                passwords.toString(),
                "saga.content.attachments.depth",
                "2")) {
            for (Map.Entry<String, Sample> kind : KindsOfFile.all().entrySet()) {
                table.append(row(kind.getKey(), kind.getValue(), content));
            }
        }
        String page = Files.readString(PAGE);
        int start = page.indexOf("| kind of file |");
        String expected = page.substring(0, start) + table + page.substring(page.indexOf("\n\n", start) + 1);
        if (Boolean.getBoolean("kinds.write")) {
            Files.writeString(PAGE, expected);
        }
        assertThat(PAGE).as("-Dkinds.write=true writes it").content().isEqualTo(expected);
    }

    private String row(String kind, Sample sample, TextContent content) throws IOException {
        Path file = Files.write(dir.resolve(sample.name()), sample.bytes());
        Read read = ContentFixture.read(content, file);
        String type = content.contentType(DocumentSource.of(file));
        return "| %s | %s | %s | %s |\n"
                .formatted(
                        kind,
                        shortened(type),
                        found(read),
                        warnings(read.outline().warnings()));
    }

    /** Where the sentence was found. */
    private static String found(Read read) {
        List<String> parts = read.segments().stream()
                .map(EmbeddedSegment::segment)
                .filter(segment -> segment.text().contains(KindsOfFile.SENTENCE))
                .map(segment -> segment.part().isEmpty() ? "the file" : segment.part())
                .distinct()
                .toList();
        return parts.isEmpty() ? "–" : String.join(", ", parts);
    }

    private static String warnings(List<Warning> warnings) {
        return warnings.isEmpty()
                ? "–"
                : warnings.stream()
                        .map(warning -> "`%s`%s"
                                .formatted(warning.code(), warning.place().isEmpty() ? "" : " " + warning.place()))
                        .collect(Collectors.joining(", "));
    }

    private static String shortened(String type) {
        return type.replace("vnd.openxmlformats-officedocument.", "…").replace("vnd.oasis.opendocument.", "…");
    }
}
