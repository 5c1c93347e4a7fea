package dev.streamingsaga.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.testkit.JvmDirectory;
import dev.streamingsaga.testkit.SamplePdf;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The contract of the command line, with the embedded servers only, as a new user runs it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("own-jvm")
class CommandLineTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Path directory;
    private Path data;
    private Path pdf;
    private JsonNode stored;

    @BeforeAll
    void ingest(@TempDir(factory = JvmDirectory.class) Path empty) throws Exception {
        directory = empty;
        data = directory.resolve("data");
        pdf = directory.resolve("sample.pdf");
        SamplePdf.write(pdf, 20, 12_000_000);
        Call call = Call.of(
                "ingest",
                pdf.toString(),
                directory.resolve("gone.pdf").toString(),
                "--data",
                data.toString(),
                "--json");
        assertThat(call.code()).as(call.err()).isEqualTo(1);
        assertThat(call.lines())
                .hasSize(2)
                .anySatisfy(line -> assertThat(line.get("reason").asText()).isEqualTo("FILE_NOT_FOUND"));
        stored = call.lines().stream()
                .filter(line -> line.get("status").asText().equals("COMPLETED"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void prints_one_json_line_per_file_with_the_fields_of_the_contract() {
        List<String> fields = new ArrayList<>();
        stored.fieldNames().forEachRemaining(fields::add);
        assertThat(fields)
                .containsExactly(
                        "file",
                        "sagaId",
                        "documentId",
                        "status",
                        "reason",
                        "message",
                        "sha256",
                        "sizeBytes",
                        "chunkCount",
                        "durationMillis",
                        "runs",
                        "resumedBytes",
                        "stores",
                        "steps",
                        "errors",
                        "compensationErrors",
                        "warnings");
        assertThat(stored.get("stores").get("upload").asInt())
                .isEqualTo(stored.get("chunkCount").asInt())
                .isEqualTo(2);
        assertThat(stored.get("stores").get("security").asInt()).isOne();
        assertThat(stored.get("stores").get("vector").asInt()).isGreaterThanOrEqualTo(20);
        assertThat(stored.get("stores").get("graph").asInt())
                .isEqualTo(1 + 20 + stored.get("stores").get("vector").asInt());
        assertThat(stored.get("steps"))
                .hasSize(9)
                .allSatisfy(step -> assertThat(step.get("state").asText()).isEqualTo("WRITTEN"));
    }

    @Test
    void the_log_has_one_line_for_each_change_of_state() throws Exception {
        List<String> log = Files.readAllLines(data.resolve("logs/saga.log"));
        String saga = "saga " + stored.get("sagaId").asText() + " sample.pdf: ";
        assertThat(log.stream()
                        .filter(line -> line.contains(saga))
                        .map(line -> line.substring(line.indexOf(saga) + saga.length()))
                        .toList())
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("RECEIVED"),
                        line -> assertThat(line).isEqualTo("RECEIVED -> UPLOADING"),
                        line -> assertThat(line).isEqualTo("UPLOADING -> VERIFYING"),
                        line -> assertThat(line).isEqualTo("VERIFYING -> PROCESSING"),
                        line -> assertThat(line).isEqualTo("PROCESSING -> COMPLETING"),
                        line -> assertThat(line)
                                .matches("COMPLETING -> COMPLETED, 1\\d\\.\\d MiB, \\d+\\.\\d s after it came"));
        assertThat(log).anyMatch(line -> line.matches(".*instance saga is node [A-Za-z0-9.-]+-\\d+-[0-9a-z]{26}"));
        assertThat(log)
                .as("an expected failure has its reason, and no stack trace")
                .anyMatch(line -> line.contains("RECEIVED -> COMPENSATING: FILE_NOT_FOUND: "))
                .noneMatch(line -> line.startsWith("\tat ") || line.contains("Exception"));
    }

    @Test
    void writes_the_log_to_standard_error_too_if_configured() throws Exception {
        Path log = data.resolve("logs/saga.log");
        int before = Files.readAllLines(log).size();
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        PrintStream standardError = System.err;
        System.setErr(new PrintStream(console, true, UTF_8));
        try {
            Call.of(
                    "ingest",
                    directory.resolve("gone.pdf").toString(),
                    "--data",
                    data.toString(),
                    "-D",
                    "saga.log.console=true");
        } finally {
            System.setErr(standardError);
        }

        assertThat(console.toString(UTF_8).lines().toList())
                .containsAll(Files.readAllLines(log).stream().skip(before).toList())
                .anyMatch(line -> line.contains("RECEIVED -> COMPENSATING: FILE_NOT_FOUND: "));
    }

    @Test
    void writes_the_log_as_json_if_configured() throws Exception {
        Path log = data.resolve("logs/saga.log");
        int before = Files.readAllLines(log).size();
        assertThat(Call.of(
                                "ingest",
                                directory.resolve("gone.pdf").toString(),
                                "--data",
                                data.toString(),
                                "-D",
                                "saga.log.format=json")
                        .code())
                .isEqualTo(1);

        List<JsonNode> states = new ArrayList<>();
        for (String line : Files.readAllLines(log).stream().skip(before).toList()) {
            JsonNode json = JSON.readTree(line);
            assertThat(json.path("@timestamp").asText()).isNotEmpty();
            if (json.has("sagaId")) {
                states.add(json);
            }
        }
        assertThat(states)
                .extracting(line -> line.path("state").asText())
                .containsExactly("RECEIVED", "COMPENSATING", "COMPENSATED");
        assertThat(states).allMatch(line -> line.path("file").asText().equals("gone.pdf"));
        assertThat(states).allMatch(line -> !line.path("node").asText().isEmpty());
        assertThat(states.get(2).path("seconds").isNumber()).isTrue();
    }

    @Test
    void deletes_a_document_and_keeps_a_tombstone() throws Exception {
        Path letter = Files.writeString(directory.resolve("letter.txt"), "The keeper writes a letter.");
        String document = Call.of("ingest", letter.toString(), "--data", data.toString(), "--json")
                .lines()
                .get(0)
                .get("documentId")
                .asText();

        assertThat(Call.of("delete", document, "--data", data.toString()).code())
                .as("without a reason")
                .isEqualTo(2);
        Call deleted = Call.of("delete", document, "--reason", "a test", "--data", data.toString(), "--json");

        assertThat(deleted.code()).as(deleted.err()).isZero();
        JsonNode tombstone = deleted.lines().get(0);
        assertThat(tombstone.get("state").asText()).isEqualTo("DELETED");
        assertThat(tombstone.get("reason").asText()).isEqualTo("a test");
        assertThat(tombstone.get("requestedBy").asText()).isEqualTo(System.getProperty("user.name"));
        assertThat(tombstone.get("fileName").asText()).isEqualTo("letter.txt");
        Call again = Call.of("delete", document, "--reason", "again", "--data", data.toString(), "--json");
        assertThat(again.lines()).as("repeated").containsExactly(tombstone);
        Call fetched =
                Call.of("fetch", document, "-o", directory.resolve("letter").toString(), "--data", data.toString());
        assertThat(fetched.code()).isEqualTo(2);
        assertThat(fetched.err()).contains("was deleted", "a test");
        assertThat(Call.of("list", "--data", data.toString()).out()).contains("letter.txt  deleted");
        assertThat(letter).exists();
        Call unknown = Call.of("delete", "none", "--reason", "a test", "--data", data.toString());
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("no completed document none");
    }

    @Test
    void fetches_the_identical_bytes() throws Exception {
        Path copy = directory.resolve("copy.pdf");
        Call call = Call.of(
                "fetch", stored.get("documentId").asText(), "-o", copy.toString(), "--data", data.toString(), "--json");
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(Files.mismatch(pdf, copy)).isEqualTo(-1);
        Call again =
                Call.of("fetch", stored.get("documentId").asText(), "-o", copy.toString(), "--data", data.toString());
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("exists");
    }

    @Test
    void finds_an_english_and_a_german_sentence_on_their_page() throws Exception {
        for (String sentence : List.of(SamplePdf.english(13), SamplePdf.german(13))) {
            Call call = Call.of("search", sentence, "--data", data.toString(), "--json", "--limit", "1");
            assertThat(call.code()).as(call.err()).isZero();
            assertThat(call.lines())
                    .singleElement()
                    .satisfies(hit -> assertThat(hit.get("page").asInt()).isEqualTo(13));
        }
    }

    @Test
    void lists_sagas_newest_first_and_shows_one_with_its_steps() throws Exception {
        Call list = Call.of("list", "--data", data.toString(), "--json");
        assertThat(list.lines())
                .extracting(line -> line.get("sagaId").asText())
                .hasSizeGreaterThanOrEqualTo(2)
                .isSortedAccordingTo((a, b) -> b.compareTo(a))
                .contains(stored.get("sagaId").asText());
        Call status = Call.of("status", stored.get("sagaId").asText(), "--data", data.toString(), "--json");
        assertThat(status.lines().get(0).get("steps")).hasSize(9);
        assertThat(Call.of("status", "nosuchsaga", "--data", data.toString()).code())
                .isEqualTo(2);
        assertThat(Call.of("cleanups", "--data", data.toString()).out()).contains("nothing to clean up");
    }

    @Test
    void lists_what_its_filters_select_and_says_how_many_there_are() throws Exception {
        Call failed = Call.of("list", "--data", data.toString(), "--json", "--reason", "FILE_NOT_FOUND");
        assertThat(failed.code()).as(failed.err()).isZero();
        assertThat(failed.lines())
                .isNotEmpty()
                .allMatch(line -> line.get("reason").asText().equals("FILE_NOT_FOUND"));
        Call named =
                Call.of("list", "--data", data.toString(), "--name", "SAMPLE*", "--state", "COMPLETED", "--limit", "0");
        assertThat(named.err()).containsPattern("showing 0 sagas of [1-9]");
        assertThat(Call.of("list", "--data", data.toString(), "--before", "2020-01-01")
                        .out())
                .isEqualTo("no saga matches\n");
        Call wrong = Call.of("list", "--data", data.toString(), "--after", "yesterday");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("2026-03-01T14:30:00Z");
    }

    @Test
    void shows_what_of_a_text_could_not_be_read_and_fails_only_if_strict() throws Exception {
        Path image = Files.write(
                directory.resolve("photo.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
        Path locked = SamplePdf.writeLocked(directory.resolve("locked.pdf"));
        Call call = Call.of("ingest", image.toString(), locked.toString(), "--data", data.toString());
        assertThat(call.code()).as(call.err()).isZero();
        String shown = "  1 warning:%n    no text can be read from files of type image/png; it is not searchable"
                + " (TYPE_UNKNOWN)%n";
        assertThat(call.out())
                .contains(shown.formatted())
                .contains("    a password is needed to read it; its text is not searchable (LOCKED)");

        Call strict =
                Call.of("ingest", pdf.toString(), image.toString(), "--strict", "--json", "--data", data.toString());
        assertThat(strict.code()).as(strict.err()).isEqualTo(1);
        assertThat(strict.lines()).allMatch(line -> line.get("status").asText().equals("COMPLETED"));

        Call listed = Call.of("list", "--warning", "type_unknown", "--json", "--data", data.toString());
        assertThat(listed.lines()).hasSize(1);
        JsonNode line = listed.line();
        assertThat(line.get("file").asText()).endsWith("photo.png");
        assertThat(line.get("warningCount").asInt()).isOne();
        assertThat(line.get("warningCodes").toString()).isEqualTo("[\"TYPE_UNKNOWN\"]");
        assertThat(Call.of("list", "--warning", "any", "--data", data.toString())
                        .out())
                .contains("photo.png  1 warning (TYPE_UNKNOWN)", "locked.pdf  1 warning (LOCKED)")
                .doesNotContain("sample.pdf");
        Call wrong = Call.of("list", "--warning", "torn", "--data", data.toString());
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("'torn' is not any or one of LOCKED, DAMAGED,");
        String sagaId = line.get("sagaId").asText();
        assertThat(Call.of("status", sagaId, "--data", data.toString()).out()).contains(shown.formatted());
        assertThat(Call.of("status", sagaId, "--json", "--data", data.toString())
                        .line()
                        .at("/warnings/0/code")
                        .asText())
                .isEqualTo("TYPE_UNKNOWN");
    }

    @Test
    void lists_the_path_of_each_file_to_distinguish_equal_names() throws Exception {
        Path other = Files.createDirectories(directory.resolve("other")).resolve("sample.pdf");
        SamplePdf.write(other, 1, 10_000);
        Call call = Call.of("ingest", other.toString(), "--data", data.toString(), "--json");
        assertThat(call.code()).as(call.err()).isZero();
        List<String> lines =
                Call.of("list", "--data", data.toString()).out().lines().toList();
        for (Map.Entry<JsonNode, Path> each :
                Map.of(stored, pdf, call.lines().get(0), other).entrySet()) {
            String id = each.getKey().get("sagaId").asText();
            String line = lines.stream()
                    .filter(listed -> listed.startsWith(id))
                    .findFirst()
                    .orElseThrow();
            assertThat(line)
                    .contains("COMPLETED")
                    .endsWith(" " + each.getValue().toRealPath());
            assertThat(Call.of("status", id, "--data", data.toString()).out()).startsWith(line + "\n");
        }
        assertThat(lines)
                .anySatisfy(line -> assertThat(line)
                        .endsWith(" " + directory.toRealPath().resolve("gone.pdf") + "  FILE_NOT_FOUND"));
    }

    @Test
    void returns_the_existing_document_for_the_same_file() throws Exception {
        Call call = Call.of("ingest", pdf.toString(), "--data", data.toString(), "--json");
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.lines()).singleElement().satisfies(line -> {
            assertThat(line.get("documentId")).isEqualTo(stored.get("documentId"));
            assertThat(line.get("sagaId")).isEqualTo(stored.get("sagaId"));
        });
    }

    @Test
    void reports_all_invalid_settings() {
        Call call = Call.of(
                "ingest",
                pdf.toString(),
                "--data",
                data.toString(),
                "-D",
                "saga.chunk.size=1MiB",
                "-D",
                "saga.colour=blue");
        assertThat(call.code()).isEqualTo(2);
        assertThat(call.err())
                .contains("saga.chunk.size must be a size", "saga.colour is not a setting")
                .doesNotContain("Exception");
    }

    @Test
    void rejects_a_data_directory_that_another_process_uses() throws Exception {
        Path taken = Files.createDirectories(directory.resolve("taken"));
        // A lock of this JVM is rejected in the same way as that of another process.
        try (FileChannel channel =
                FileChannel.open(taken.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock();
            Call call = Call.of("ingest", pdf.toString(), "--data", taken.toString());
            assertThat(call.code()).isEqualTo(2);
            assertThat(call.err()).contains("in use").doesNotContain("\tat ");
        }
    }

    @Test
    void exits_with_4_if_a_server_does_not_answer() {
        Call call = Call.of(
                "ingest",
                pdf.toString(),
                "--data",
                directory.resolve("far").toString(),
                "-D",
                "saga.s3.endpoint=http://127.0.0.1:1",
                "-D",
                "saga.s3.access-key=a",
                "-D",
                "saga.s3.secret-key=b",
                "-D",
                "saga.s3.timeout=1s");
        assertThat(call.code()).as(call.err()).isEqualTo(4);
        assertThat(call.err()).contains("127.0.0.1:1").doesNotContain("\tat ");
    }

    @Test
    void shows_usage_without_a_command_and_for_a_wrong_one() {
        assertThat(Call.of().code()).isEqualTo(2);
        assertThat(Call.of("ingets").code()).isEqualTo(2);
        assertThat(Call.of("ingest").code()).isEqualTo(2);
        assertThat(Call.of("ingest", "--help").code()).isZero();
    }

    @Test
    void reads_settings_from_the_environment() {
        assertThat(CommonOptions.environment(Map.of(
                        "SAGA_CHUNK_SIZE",
                        "16MiB",
                        "SAGA_DATA",
                        "/x",
                        "SAGA_STORE_VECTOR_POOL_SIZE",
                        "8",
                        "HOME",
                        "/h")))
                .containsOnly(
                        Map.entry("saga.chunk.size", "16MiB"),
                        Map.entry("saga.data.dir", "/x"),
                        Map.entry("saga.store.vector.pool-size", "8"));
    }

    @Test
    void reads_a_secret_from_the_file_that_its_variable_names(@TempDir Path secrets) throws Exception {
        Path file = Files.writeString(secrets.resolve("s3"), "hidden-secret-key\n");

        Map<String, String> values = CommonOptions.environment(
                Map.of("SAGA_S3_SECRET_KEY_FILE", file.toString(), "SAGA_JOURNAL_PASSWORD_FILE", ""));

        assertThat(Settings.parse(values).servers().s3().secretKey()).isEqualTo("hidden-secret-key");
        assertThat(values).containsOnlyKeys("saga.s3.secret-key");
        assertThat(CommonOptions.environment(Map.of("SAGA_S3_REGION_FILE", file.toString())))
                .as("no secret")
                .isEmpty();
        assertThatThrownBy(() -> CommonOptions.environment(
                        Map.of("SAGA_S3_SECRET_KEY", "one", "SAGA_S3_SECRET_KEY_FILE", file.toString())))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("SAGA_S3_SECRET_KEY_FILE are both set")
                .hasMessageNotContaining("hidden-secret-key");
        assertThatThrownBy(() -> CommonOptions.environment(Map.of("SAGA_S3_SECRET_KEY_FILE", "/missing")))
                .isInstanceOf(UsageException.class)
                .hasMessageContainingAll("SAGA_S3_SECRET_KEY_FILE", "/missing");
    }
}
