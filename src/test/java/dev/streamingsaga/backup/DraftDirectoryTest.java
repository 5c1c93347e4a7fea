package dev.streamingsaga.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DraftDirectoryTest {
    @TempDir
    Path directory;

    @Test
    void has_its_final_name_only_when_it_is_published() throws IOException {
        Path target = directory.resolve("backup");
        try (DraftDirectory draft = DraftDirectory.create(target, ".part")) {
            Files.writeString(draft.path().resolve("file"), "content");
            assertThat(target).doesNotExist();
            draft.publish();
        }
        assertThat(directory).isDirectoryContaining(target::equals);
        assertThat(target.toFile().list()).containsExactly("file");
    }

    @Test
    void what_a_dead_process_left_is_removed() throws IOException {
        Path target = directory.resolve("backup");
        try (DraftDirectory killed = DraftDirectory.create(target, ".part")) {
            Files.writeString(killed.path().resolve("half"), "content");
        }
        try (DraftDirectory draft = DraftDirectory.create(target, ".part")) {
            assertThat(draft.path().resolve("half")).doesNotExist();
        }
    }

    @Test
    void what_another_process_writes_is_left_alone() throws IOException {
        Path target = directory.resolve("backup");
        try (DraftDirectory other = DraftDirectory.create(target, ".part")) {
            Path half = Files.writeString(other.path().resolve("half"), "content");
            assertThatThrownBy(() -> DraftDirectory.create(target, ".part"))
                    .isInstanceOf(BackupException.class)
                    .hasMessageContaining("another process writes");
            assertThat(half).exists();
        }
    }
}
