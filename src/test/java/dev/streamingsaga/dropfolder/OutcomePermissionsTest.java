package dev.streamingsaga.dropfolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Users who can read a drop folder can read its outcomes, whatever the umask. Only the process can change them. */
class OutcomePermissionsTest {
    @TempDir
    Path directory;

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @ParameterizedTest
    @CsvSource({"rwxr-x---, rwxr-x---, rw-r-----", "rwx------, rwx------, rw-------", "rwxrwxrwx, rwxr-xr-x, rw-r--r--"
    })
    void users_who_can_read_the_folder_can_read_an_outcome(String folder, String done, String json) throws Exception {
        Path drop = Files.createDirectory(directory.toRealPath().resolve("drop"));
        Files.setPosixFilePermissions(drop, PosixFilePermissions.fromString(folder));
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s",
                "saga.participants",
                ""));
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory.toRealPath(), settings)) {
            Files.move(Files.writeString(directory.resolve("draft"), "hello"), drop.resolve("a.txt"));
            await().atMost(Duration.ofSeconds(90)).until(() -> Files.exists(drop.resolve(".done/a.txt.json")));

            assertThat(mode(drop.resolve(".done"))).isEqualTo(done);
            assertThat(mode(drop.resolve(".done/a.txt.json"))).isEqualTo(json);
        }
    }
}
