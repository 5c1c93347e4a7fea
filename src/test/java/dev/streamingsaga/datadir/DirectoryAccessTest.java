package dev.streamingsaga.datadir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A data directory is restricted to its owner, or rejected. */
@Tag("unit")
class DirectoryAccessTest {
    private static final int OTHER_USER = 65_534;

    @TempDir
    Path directory;

    private Path data;

    @BeforeEach
    void resolve() throws IOException {
        directory = directory.toRealPath();
        data = directory.resolve("data");
    }

    private static Path open(Path path, String mode) throws IOException {
        return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static Path file(Path path) throws IOException {
        Files.createDirectories(path.getParent());
        return open(Files.writeString(path, "text"), "rw-rw-rw-");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void creates_a_private_directory() throws Exception {
        DataDirectory.prepare(data.resolve("a/b"));
        assertThat(mode(data.resolve("a/b"))).isEqualTo("rwx------");
    }

    @Test
    void restricts_an_open_directory_and_all_its_files() throws Exception {
        Path chunk = file(data.resolve("bucket/streaming-saga/saga/d/s/chunk-000000"));
        Path store = file(data.resolve("vector.db-wal"));
        Path log = file(data.resolve("logs/saga.log"));
        Path library = open(file(data.resolve("spool/native/lib.so")), "rwxr-xr-x");
        open(data, "rwxr-xr-x");

        DataDirectory.prepare(data);

        assertThat(mode(data)).isEqualTo("rwx------");
        for (Path folder = chunk.getParent(); !folder.equals(data); folder = folder.getParent()) {
            assertThat(mode(folder)).isEqualTo("rwx------");
        }
        assertThat(mode(chunk)).isEqualTo(mode(store)).isEqualTo(mode(log)).isEqualTo("rw-------");
        assertThat(mode(library)).isEqualTo("rwx------");
        assertThat(DataDirectory.findings(data)).isEmpty();
    }

    @Test
    void restricts_files_of_a_private_directory() throws Exception {
        Path store = file(data.resolve("vector.db"));
        open(data, "rwx------");

        DataDirectory.prepare(data);

        assertThat(mode(store)).isEqualTo("rw-------");
    }

    @Test
    void does_not_follow_links_but_restricts_a_linked_bucket() throws Exception {
        Path outside = file(directory.resolve("outside.txt"));
        Files.createDirectories(data.resolve("spool"));
        Files.createSymbolicLink(data.resolve("spool/link"), outside);
        Path disk = open(Files.createDirectory(directory.resolve("disk")), "rwxr-xr-x");
        Files.createSymbolicLink(data.resolve("bucket"), disk);
        open(data, "rwxr-xr-x");

        DataDirectory.prepare(data);

        assertThat(mode(outside)).isEqualTo("rw-rw-rw-");
        assertThat(mode(disk)).isEqualTo("rwx------");
    }

    @Test
    void rejects_a_directory_with_only_foreign_files_and_does_not_change_it() throws Exception {
        Path script = open(file(data.resolve("run.sh")), "rwxr-xr-x");
        open(data, "rwxr-xr-x");

        assertThatThrownBy(() -> DataDirectory.prepare(data))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(data.toString(), "run.sh", "rwxr-xr-x", "--data");

        assertThat(mode(script)).isEqualTo("rwxr-xr-x");
        assertThat(mode(data)).isEqualTo("rwxr-xr-x");
    }

    @Test
    void does_not_change_a_hubs_own_files() throws Exception {
        Path foreign = file(data.resolve("hub.xml"));
        Path own = file(data.resolve("journal.db"));
        open(data, "rwxr-xr-x");

        DataDirectory.lockInHub(Settings.parse(Map.of("saga.data.dir", data.toString())))
                .close();

        assertThat(mode(data)).isEqualTo("rwxr-xr-x");
        assertThat(mode(foreign)).isEqualTo("rw-rw-rw-");
        assertThat(mode(own)).isEqualTo(mode(data.resolve("lock"))).isEqualTo("rw-------");
    }

    @Test
    void accepts_a_link_of_the_same_user_to_a_directory() throws Exception {
        Path real = open(Files.createDirectory(directory.resolve("real")), "rwxr-xr-x");
        Files.createSymbolicLink(data, real);

        DataDirectory.prepare(data);

        assertThat(mode(real)).isEqualTo("rwx------");
    }

    @Test
    void rejects_a_dangling_link_and_a_file() throws Exception {
        Files.createSymbolicLink(data, directory.resolve("nothing"));
        assertThatThrownBy(() -> DataDirectory.prepare(data))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("link to a missing file");
        Path file = file(directory.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.prepare(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("not a directory");
    }

    /** Needs root, the only user that can change the owner of a file. */
    @ParameterizedTest
    @ValueSource(strings = {"directory", "link", "database", "chunk"})
    void rejects_files_of_another_user(String what) throws Exception {
        assumeTrue(Integer.valueOf(0).equals(Files.getAttribute(directory, "unix:uid")), "runs as root only");
        Path chunk = file(data.resolve("bucket/chunk"));
        Path database = file(data.resolve("journal.db"));
        open(data, "rwxr-xr-x");
        Path configured = what.equals("link") ? Files.createSymbolicLink(directory.resolve("link"), data) : data;
        Path foreign = Map.of("directory", data, "link", configured, "database", database, "chunk", chunk)
                .get(what);
        Files.setAttribute(foreign, "unix:uid", OTHER_USER, LinkOption.NOFOLLOW_LINKS);

        String owner = Files.getOwner(foreign, LinkOption.NOFOLLOW_LINKS).getName();
        assertThatThrownBy(() -> DataDirectory.prepare(configured))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(configured.toString(), "belongs to " + owner, "run as " + owner);
        if (!what.equals("link")) {
            assertThat(DataDirectory.findings(data))
                    .anyMatch(line -> line.contains("belongs to ") || line.contains("rw-rw-rw-"));
        }
    }

    @Test
    void findings_list_open_files_and_change_nothing() throws Exception {
        for (int i = 0; i < 20; i++) {
            file(data.resolve("bucket/chunk-" + i));
        }
        open(data, "rwxr-x---");

        assertThat(DataDirectory.findings(data))
                .hasSize(11)
                .contains(data + " is rwxr-x---")
                .last()
                .asString()
                .contains("and 12 more");
        assertThat(mode(data)).isEqualTo("rwxr-x---");
    }
}
