package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class ManifestTest {
    private static final Warning LOCKED = new Warning(WarningCode.LOCKED, "page 3", "it needs a password");

    private String json;
    private Manifest manifest;

    @BeforeEach
    void write(@TempDir Path directory) throws Exception {
        PlannedDocument planned = PlannedDocument.in(directory);
        manifest = Manifest.of(planned.document(), planned.rows(), List.of(LOCKED));
        json = new String(manifest.json(), StandardCharsets.UTF_8);
    }

    private static Manifest parse(String text) {
        return Manifest.parse(text.getBytes(StandardCharsets.UTF_8), "p/manifest.json");
    }

    private static void assertCorrupt(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.METADATA_CORRUPT))
                .hasMessageContaining("p/manifest.json");
    }

    @Test
    void reads_what_it_has_written() {
        assertThat(parse(json)).isEqualTo(manifest);
        assertThat(manifest.chunks()).extracting(Manifest.ManifestChunk::size).containsExactly(100L, 100L, 7L);
    }

    @Test
    void ignores_members_of_later_versions() {
        assertThat(parse(json.replaceFirst("\\{", "{\"later\":1,"))).isEqualTo(manifest);
    }

    @Test
    void a_manifest_without_warnings_describes_the_same_document() {
        Manifest former = parse(json.replaceFirst(",\"warnings\":\\[.*?]", ""));

        assertThat(former.warnings()).isEmpty();
        assertThat(manifest.warnings())
                .containsExactly(new Manifest.ManifestWarning("LOCKED", "page 3", "it needs a password"));
        assertThat(former.describesSame(manifest)).isTrue();
        assertThat(parse(json.replaceFirst("\"fileName\":\"[^\"]*\"", "\"fileName\":\"b\""))
                        .describesSame(manifest))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"index\":1 | \"index\":2",
                "\"offset\":100 | \"offset\":101",
                "\"size\":100 | \"size\":99",
                "\"size\":7 | \"size\":0",
                "\"size\":7 | \"size\":-7",
                "\"sizeBytes\":207 | \"sizeBytes\":206",
                "\"sizeBytes\":207 | \"sizeBytes\":208",
                "\"codec\":\"none\" | \"codec\":\"gzip\"",
                "\"codec\" | \"kodec\"",
                "\"sha256\" | \"sha265\"",
                "\"chunks\" | \"pieces\""
            })
    void rejects_a_changed_manifest(String before, String after) {
        assertThat(json).contains(before);
        assertCorrupt(json.replace(before, after));
    }

    @Test
    void an_empty_document_has_no_chunk_and_a_chunk_is_never_empty() {
        String empty = "{\"sha256\":\"0\",\"sizeBytes\":0,\"chunks\":[]}";
        assertThat(parse(empty).chunks()).isEmpty();
        assertCorrupt(
                empty.replace("[]", "[{\"index\":0,\"offset\":0,\"size\":0,\"sha256\":\"0\",\"codec\":\"none\"}]"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{}", "{\"sha256\":\"0\",\"sizeBytes\":0,\"chunks\":[null]}", "<xml/>"})
    void rejects_what_is_not_a_manifest(String text) {
        assertCorrupt(text);
    }
}
