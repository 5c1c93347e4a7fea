package dev.streamingsaga.dropfolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bad input in the drop folder: a regular file ends in .failed with the reason beside it, anything else stays
 * untouched.
 */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class DropBadInputTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String STORED = "The keeper of the lighthouse counted his gulls.\n";

    @TempDir
    Path directory;

    private Path drop;
    private Path outside;
    private StreamingSagaFixture saga;

    @BeforeEach
    void start() throws IOException {
        directory = directory.toRealPath();
        drop = Files.createDirectory(directory.resolve("drop"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("secret.txt"), "secret");
        saga = StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "false",
                        "saga.drop.dir",
                        drop.toString(),
                        "saga.drop.interval",
                        "100ms",
                        "saga.drop.stable-for",
                        "0s",
                        "saga.drop.recursive",
                        "true",
                        "saga.drop.max-size",
                        "1000B",
                        "saga.drop.types",
                        "text/*,.txt",
                        "saga.duplicates",
                        "reject")));
        put("stored.txt", STORED);
        awaitGone("stored.txt");
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private void put(String name, String content) throws IOException {
        Files.move(Files.writeString(outside.resolve("draft"), content), drop.resolve(name));
    }

    private void awaitGone(String name) {
        await().atMost(PATIENCE).until(() -> !Files.exists(drop.resolve(name), LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void a_bad_file_moves_to_failed_with_the_reason_and_stores_nothing() throws Exception {
        Map<String, List<String>> before = saga.contents();
        Map<String, String> contents =
                Map.of("large.txt", "x".repeat(1001), "binary.bin", "\0\1\2\3\0\0\0\11", "stored.txt", STORED);
        Map<String, List<String>> says = new LinkedHashMap<>();
        says.put(
                "large.txt",
                List.of(
                        "FILE_TOO_LARGE",
                        drop + "/large.txt has 1001 bytes",
                        "saga.drop.max-size allows 1000",
                        "nothing was written"));
        says.put(
                "binary.bin",
                List.of(
                        "FILE_NOT_READABLE",
                        drop + "/binary.bin is application/octet-stream",
                        "saga.drop.types allows text/*",
                        "nothing was written"));
        says.put(
                "stored.txt",
                List.of("DUPLICATE", drop + "/stored.txt is already stored as document", "nothing was written"));
        for (String name : says.keySet()) {
            put(name, contents.get(name));
        }

        says.keySet().forEach(this::awaitGone);

        for (Map.Entry<String, List<String>> expected : says.entrySet()) {
            JsonNode outcome =
                    JSON.readTree(Files.readAllBytes(drop.resolve(".failed/" + expected.getKey() + ".json")));
            assertThat(outcome.path("status").asText()).isEqualTo("COMPENSATED");
            assertThat(outcome.path("reason").asText())
                    .as("%s", outcome)
                    .isEqualTo(expected.getValue().get(0));
            assertThat(outcome.path("message").asText())
                    .contains(expected.getValue().subList(1, expected.getValue().size()))
                    .doesNotContain("Exception");
            assertThat(drop.resolve(".failed").resolve(expected.getKey()))
                    .as("unchanged")
                    .hasContent(contents.get(expected.getKey()));
        }
        assertThat(saga.contents()).isEqualTo(before);
    }

    @Test
    void anything_but_a_regular_file_stays_unopened_and_blocks_no_other_file() throws Exception {
        Map<String, List<String>> before = saga.contents();
        List<Path> strange = new ArrayList<>(List.of(
                Files.createSymbolicLink(drop.resolve("link.txt"), outside.resolve("secret.txt")),
                Files.createSymbolicLink(drop.resolve("zero.txt"), Path.of("/dev/zero")),
                Files.createSymbolicLink(drop.resolve("up.txt"), Path.of("../outside/secret.txt")),
                Files.createSymbolicLink(drop.resolve("linked"), outside),
                Files.createSymbolicLink(drop.resolve("loop.txt"), drop.resolve("loop.txt")),
                Files.createDirectory(drop.resolve("folder.txt")),
                drop.resolve("pipe.txt")));
        assertThat(new ProcessBuilder("mkfifo", drop.resolve("pipe.txt").toString())
                        .start()
                        .waitFor())
                .isZero();
        // Only a privileged user may create a device; others test with the link to one.
        if (new ProcessBuilder("mknod", drop.resolve("device.txt").toString(), "c", "1", "5")
                        .start()
                        .waitFor()
                == 0) {
            strange.add(drop.resolve("device.txt"));
        }
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(drop.resolve("s.txt")));
            strange.add(drop.resolve("s.txt"));
            put("zzz.txt", "");
            awaitGone("zzz.txt");
            // A second scan, after the first one has seen all of them.
            put("zzz2.txt", "The last one.\n");
            awaitGone("zzz2.txt");
        }

        assertThat(strange).allMatch(file -> Files.exists(file, LinkOption.NOFOLLOW_LINKS));
        assertThat(JSON.readTree(Files.readAllBytes(drop.resolve(".done/zzz.txt.json")))
                        .path("sizeBytes")
                        .asLong(-1))
                .as("an empty file is a document")
                .isZero();
        assertThat(saga.journal().sagas().newest(10))
                .extracting(found -> found.fileName())
                .containsExactly("zzz2.txt", "zzz.txt", "stored.txt");
        assertThat(outside.resolve("secret.txt")).hasContent("secret");
        try (Stream<Path> failed =
                Files.exists(drop.resolve(".failed")) ? Files.list(drop.resolve(".failed")) : Stream.empty()) {
            assertThat(failed).isEmpty();
        }
        assertThat(saga.contents().get("unfinished")).isEqualTo(before.get("unfinished"));
    }
}
