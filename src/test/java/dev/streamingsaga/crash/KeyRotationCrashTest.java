package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.encryption.KeyFile;
import dev.streamingsaga.testkit.ChildJava;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The process is killed at each step of a rotation of keys. The document can be read then, and the next rotation
 * continues. All kills run with {@code -Pcrash-matrix}, a sample of them in each build.
 */
@Tag("one-jdk")
@Tag("own-jvm")
class KeyRotationCrashTest {
    private static final String INTENT = "UPDATE document_key SET next_key_id";
    private static final String MARK = "UPDATE document_key SET key_id = next_key_id";

    @TempDir
    static Path directory;

    private static Path template;
    private static Path document;
    private static Path keyFile;
    private static String old;
    private static String current;

    @BeforeAll
    static void prepare() throws Exception {
        ChildJava.prepare();
        template = Files.createDirectories(directory.resolve("template"));
        document = Files.writeString(directory.resolve("letter.txt"), "The keeper counts his gulls.");
        keyFile = directory.resolve("keys").resolve("keys.json");
        old = new KeyFile(keyFile).create();
        End stored = ChildJvm.run(template, settings(), "ingest", document.toString());
        assertThat(stored.exit()).as("%s", stored.log()).isZero();
        current = new KeyFile(keyFile).add(true);
    }

    private static Map<String, String> settings() {
        return new LinkedHashMap<>(Map.of(
                "saga.chunk.encryption",
                "aes256-gcm",
                "saga.participants",
                "security,relational",
                "saga.encryption.provider",
                "key-file",
                "saga.encryption.key-file",
                keyFile.toString()));
    }

    @ParameterizedTest
    @CsvSource({
        "before, journal, " + INTENT + ", false",
        "after, journal, " + INTENT + ", true",
        "before, s3, PutObject, false",
        "after, s3, PutObject, true",
        "before, journal, " + MARK + ", false",
        "after, journal, " + MARK + ", false",
    })
    void fp53_a_rotation_that_is_killed_leaves_a_readable_document_and_is_continued(
            String when, String kind, String what, boolean isSample) throws Exception {
        assumeTrue(isSample || Boolean.getBoolean("crash.matrix"), "only with -Pcrash-matrix");
        Path data = copy(when + "-" + kind + "-" + (what.equals(MARK) ? "mark" : "begin"));
        Map<String, String> kill = settings();
        kill.put("crash.at", "~" + new Point(kind, what, 1).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "rotate");

        assertThat(killed.killed())
                .as("killed, but: %s", Files.readString(killed.log()))
                .isTrue();
        assertReadable(data, keyFile);
        End end = ChildJvm.run(data, settings(), "rotate");
        assertThat(end.exit()).as("%s", Files.readString(end.log())).isZero();
        assertThat(Oracle.rows(data, "journal", "SELECT key_id || ' ' || (next_key_id IS NULL) FROM document_key"))
                .containsExactly(current + " 1");
        Path remaining = Files.copy(
                keyFile, keyFile.resolveSibling(data.getFileName() + ".json"), StandardCopyOption.COPY_ATTRIBUTES);
        new KeyFile(remaining).remove(old);
        assertReadable(data, remaining);
        Lane.remove(data);
    }

    private static Path copy(String name) throws Exception {
        Path data = directory.resolve(name);
        Process process = new ProcessBuilder("cp", "-a", template.toString(), data.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0)
                .isTrue();
        return data;
    }

    /** By the key in the manifest. */
    private static void assertReadable(Path data, Path keys) throws Exception {
        Map<String, String> settings = settings();
        settings.put("saga.encryption.key-file", keys.toString());
        Path copy = directory.resolve("copy");
        Files.deleteIfExists(copy);
        try (Inspection inspection = Inspection.open(Settings.parse(ChildJvm.settings(data, settings)))) {
            List<String> ids = inspection.reader().documents().stream()
                    .map(saga -> saga.document().orElseThrow().documentId())
                    .toList();
            assertThat(ids).hasSize(1);
            inspection.reader().fetch(ids.get(0), copy);
        }
        assertThat(copy).hasSameBinaryContentAs(document);
    }
}
