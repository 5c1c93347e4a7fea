package dev.streamingsaga.dropfolder;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class FolderOwnerTest {
    @TempDir
    Path directory;

    private FolderOwner owner(String journal) {
        return new FolderOwner(directory.resolve(".done"), () -> journal, new DeduplicatedWarnings());
    }

    @Test
    void a_scan_that_ends_after_the_stop_does_not_claim_the_folder_again() throws Exception {
        try (FolderOwner first = owner("first");
                FolderOwner second = owner("second")) {
            assertThat(first.isOwned()).isTrue();
            assertThat(second.isOwned()).isFalse();

            first.close();

            assertThat(first.isOwned()).isFalse();
            assertThat(second.isOwned()).isTrue();
        }
    }
}
