package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** {@code ingest} of invalid files, into its own data directory and to a running instance. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("own-jvm")
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class IngestBadInputTest {
    private static final int MAX = 1_000_000;

    private Path here;
    private Path roots;
    private Path outside;

    private static Map<String, JsonNode> byFile(Call call) throws Exception {
        Map<String, JsonNode> lines = new LinkedHashMap<>();
        call.lines().forEach(line -> lines.put(line.path("file").asText(), line));
        return lines;
    }

    @BeforeAll
    void files(@TempDir Path directory) throws Exception {
        here = directory.toRealPath();
        roots = Files.createDirectories(here.resolve("roots"));
        outside = Files.createDirectories(here.resolve("outside"));
        Files.writeString(outside.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(roots.resolve("loop"), roots.resolve("loop"));
        Files.createDirectory(roots.resolve("folder"));
        Files.write(roots.resolve("large.bin"), new byte[MAX + 1]);
        Files.createFile(roots.resolve("empty.txt"));
        Files.writeString(roots.resolve("good.txt"), "The keeper of the lighthouse counted his gulls.\n");
        assertThat(new ProcessBuilder("mkfifo", roots.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    private Call ingest(List<String> files, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "ingest",
                "--json",
                "--quiet",
                "--data",
                here.resolve("data").toString(),
                "-D",
                "saga.coordinator.url=" + StreamingSagaFixture.coordinator(),
                "-D",
                "saga.coordinator.secret=" + CoordinatorSettings.SECRET,
                "-D",
                "saga.source.roots=" + roots + ",/dev",
                "-D",
                "saga.file.max-size=" + MAX));
        args.addAll(List.of(more));
        args.addAll(files);
        return Call.of(args);
    }

    @Test
    void reports_the_error_of_each_file_and_stores_the_valid_ones() throws Exception {
        Files.createSymbolicLink(roots.resolve("link.txt"), outside.resolve("secret.txt"));
        // The expected messages by resolved path: links followed, dots removed.
        Map<String, List<String>> bad = new LinkedHashMap<>();
        bad.put(
                outside + "/secret.txt",
                List.of("FILE_NOT_READABLE", "outside saga.source.roots", "nothing was written"));
        bad.put("/dev/zero", List.of("FILE_NOT_READABLE", "/dev/zero is not a regular file", "nothing was read"));
        bad.put(roots + "/pipe", List.of("FILE_NOT_READABLE", "pipe is not a regular file", "nothing was read"));
        bad.put(roots + "/folder", List.of("FILE_NOT_READABLE", "folder is not a regular file", "nothing was read"));
        bad.put(roots + "/none.txt", List.of("FILE_NOT_FOUND", "none.txt is not there"));
        bad.put(roots + "/loop", List.of("FILE_NOT_READABLE", "loop cannot be read"));
        bad.put(
                roots + "/large.bin",
                List.of("FILE_TOO_LARGE", "1000001 bytes", "saga.file.max-size", "nothing was written"));
        List<String> files = new ArrayList<>(bad.keySet());
        files.addAll(List.of(
                roots + "/good.txt", roots + "/empty.txt", roots + "/link.txt", roots + "/../outside/secret.txt"));

        Call call = ingest(files);

        assertThat(call.code()).as(call.err()).isEqualTo(1);
        assertThat(call.out().strip().split("\n")).hasSize(files.size());
        Map<String, JsonNode> lines = byFile(call);
        bad.forEach((file, says) -> {
            JsonNode line = lines.get(file);
            assertThat(line).as("%s in %s", file, lines.keySet()).isNotNull();
            assertThat(line.path("status").asText()).isEqualTo("COMPENSATED");
            assertThat(line.path("reason").asText()).as("%s", line).isEqualTo(says.get(0));
            assertThat(line.path("message").asText())
                    .contains(says.subList(1, says.size()))
                    .doesNotContain("Exception");
            line.path("stores")
                    .forEach(count -> assertThat(count.asLong()).as("%s", line).isZero());
        });
        assertThat(List.of("good.txt", "empty.txt"))
                .allSatisfy(good -> assertThat(
                                lines.get(roots + "/" + good).path("status").asText())
                        .isEqualTo("COMPLETED"));
        assertThat(call.err()).doesNotContain("\tat ");

        Call again = ingest(List.of(roots + "/good.txt"), "-D", "saga.duplicates=reject");
        assertThat(again.code()).isEqualTo(1);
        assertThat(byFile(again).get(roots + "/good.txt").path("message").asText())
                .contains("already stored as document", "nothing was written");
        assertNothingElse();
    }

    private void assertNothingElse() throws Exception {
        List<String> data = List.of("--data", here.resolve("data").toString());
        for (String command : List.of("orphans", "verify")) {
            Call call = Call.of(List.of(command, data.get(0), data.get(1)));
            assertThat(call.code()).as(call.out()).isZero();
        }
        assertThat(Call.of(List.of("verify", data.get(0), data.get(1))).out())
                .contains("2 documents compared, no difference found");
        assertThat(Call.of(List.of("cleanups", data.get(0), data.get(1))).out()).contains("nothing to clean up");
    }

    @Test
    void rejects_an_invalid_command_before_it_does_anything() {
        assertThat(Call.of(List.of("ingest", "--colour", "blue", roots + "/good.txt")))
                .satisfies(call -> {
                    assertThat(call.code()).isEqualTo(Main.USAGE);
                    assertThat(call.err()).contains("--colour");
                });
        assertThat(Call.of(List.of("ingest", "--data", roots + "/good.txt", roots + "/good.txt")))
                .satisfies(call -> {
                    assertThat(call.code()).isEqualTo(Main.USAGE);
                    assertThat(call.err()).contains("good.txt").doesNotContain("\tat ");
                });
    }

    /** The command or the instance rejects each file: the instance starts no saga. */
    @Test
    void sends_only_regular_files_to_a_running_instance_and_prints_its_errors() throws Exception {
        Path keys = here.resolve("keys");
        String ingest = Call.of(List.of("key", "sender", "--scope", "ingest", "-D", "saga.http.keys-file=" + keys))
                .out()
                .strip();
        String read = Call.of(List.of("key", "reader", "--scope", "read", "-D", "saga.http.keys-file=" + keys))
                .out()
                .strip();
        try (StreamingSagaFixture remote = StreamingSagaFixture.start(
                here.resolve("remote"),
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "true",
                        "saga.http.keys-file",
                        keys.toString(),
                        "saga.file.max-size",
                        Integer.toString(MAX))))) {
            String url = remote.application().address().orElseThrow().toString();
            String good = roots + "/good.txt";
            Map<List<String>, String> refused = new LinkedHashMap<>();
            refused.put(List.of("--key", ingest, roots + "/pipe"), "pipe is not a readable file; nothing was sent");
            refused.put(List.of("--key", ingest, roots + "/folder"), "folder is not a readable file; nothing was sent");
            refused.put(List.of("--key", ingest, "/dev/zero"), "/dev/zero is not a readable file; nothing was sent");
            refused.put(
                    List.of("--key", ingest, roots + "/none.txt"), "none.txt is not a readable file; nothing was sent");
            refused.put(List.of("--key", ingest, roots + "/large.bin"), "saga.file.max-size");
            refused.put(List.of("--key", "sk_guessed", good), "a valid key; set one with --key or SAGA_KEY");
            refused.put(List.of(good), "a valid key; set one with --key or SAGA_KEY");
            refused.put(List.of("--key", read, good), "lacks the scope ingest");
            refused.forEach((args, says) -> {
                List<String> all = new ArrayList<>(List.of("ingest", "--json", "--url", url));
                all.addAll(args);
                Call call = Call.of(all);
                assertThat(call.code()).as("%s: %s", args, call.err()).isEqualTo(Main.USAGE);
                assertThat(call.err()).contains(says).doesNotContain("\tat ", "Exception");
                assertThat(call.out()).isEmpty();
            });
            assertThat(remote.journal().sagas().newest(10)).isEmpty();
            remote.assertNothingAnywhere();
            assertThat(remote.contents().get("http spool")).isEmpty();
        }
    }
}
