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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A data directory is its owner's, or it is refused. */
class DirectoryAccessTest {
    private static final int SOMEBODY_ELSE = 65_534;

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
    void a_new_directory_is_its_owners() throws Exception {
        DataDirectory.prepare(data.resolve("a/b"));
        assertThat(mode(data.resolve("a/b"))).isEqualTo("rwx------");
    }

    @Test
    void an_open_directory_is_closed_down_to_its_last_file() throws Exception {
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
    void files_are_closed_also_where_the_directory_is_already() throws Exception {
        Path store = file(data.resolve("vector.db"));
        open(data, "rwx------");

        DataDirectory.prepare(data);

        assertThat(mode(store)).isEqualTo("rw-------");
    }

    @Test
    void links_are_not_followed_but_a_bucket_elsewhere_is_closed() throws Exception {
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
    void a_directory_with_files_of_others_only_is_refused_and_left_alone() throws Exception {
        Path script = open(file(data.resolve("run.sh")), "rwxr-xr-x");
        open(data, "rwxr-xr-x");

        assertThatThrownBy(() -> DataDirectory.prepare(data))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(data.toString(), "run.sh", "rwxr-xr-x", "--data");

        assertThat(mode(script)).isEqualTo("rwxr-xr-x");
        assertThat(mode(data)).isEqualTo("rwxr-xr-x");
    }

    @Test
    void a_hubs_own_files_stay_as_they_are_beside_ours() throws Exception {
        Path theirs = file(data.resolve("hub.xml"));
        Path ours = file(data.resolve("journal.db"));
        open(data, "rwxr-xr-x");

        DataDirectory.lockInHub(Settings.parse(Map.of("saga.data.dir", data.toString())))
                .close();

        assertThat(mode(data)).isEqualTo("rwxr-xr-x");
        assertThat(mode(theirs)).isEqualTo("rw-rw-rw-");
        assertThat(mode(ours)).isEqualTo(mode(data.resolve("lock"))).isEqualTo("rw-------");
    }

    @Test
    void a_link_of_ours_to_a_directory_of_ours_is_a_data_directory() throws Exception {
        Path real = open(Files.createDirectory(directory.resolve("real")), "rwxr-xr-x");
        Files.createSymbolicLink(data, real);

        DataDirectory.prepare(data);

        assertThat(mode(real)).isEqualTo("rwx------");
    }

    @Test
    void a_link_to_nothing_and_a_file_are_refused() throws Exception {
        Files.createSymbolicLink(data, directory.resolve("nothing"));
        assertThatThrownBy(() -> DataDirectory.prepare(data))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("link to nothing");
        Path file = file(directory.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.prepare(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("not a directory");
    }

    /** Needs root, as who alone can give files away. */
    @ParameterizedTest
    @ValueSource(strings = {"directory", "link", "database", "chunk"})
    void what_belongs_to_somebody_else_is_refused(String what) throws Exception {
        assumeTrue(Integer.valueOf(0).equals(Files.getAttribute(directory, "unix:uid")), "runs as root only");
        Path chunk = file(data.resolve("bucket/chunk"));
        Path database = file(data.resolve("journal.db"));
        open(data, "rwxr-xr-x");
        Path given = what.equals("link") ? Files.createSymbolicLink(directory.resolve("link"), data) : data;
        Path theirs = Map.of("directory", data, "link", given, "database", database, "chunk", chunk)
                .get(what);
        Files.setAttribute(theirs, "unix:uid", SOMEBODY_ELSE, LinkOption.NOFOLLOW_LINKS);

        String owner = Files.getOwner(theirs, LinkOption.NOFOLLOW_LINKS).getName();
        assertThatThrownBy(() -> DataDirectory.prepare(given))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(given.toString(), "belongs to " + owner, "run as " + owner);
        if (!what.equals("link")) {
            assertThat(DataDirectory.findings(data))
                    .anyMatch(line -> line.contains("belongs to ") || line.contains("rw-rw-rw-"));
        }
    }

    @Test
    void findings_name_what_is_open_and_change_nothing() throws Exception {
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
