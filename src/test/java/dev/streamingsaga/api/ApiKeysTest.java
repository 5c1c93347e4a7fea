package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.datadir.Permissions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeysTest {
    @Test
    void addsKeyToFileWithoutFinalNewline(@TempDir Path dir) throws Exception {
        Path file = Files.createFile(dir.resolve("keys"), Permissions.ofFile());
        String first = ApiKeys.create(file, "first", List.of("read"));
        Files.writeString(file, Files.readString(file).stripTrailing());

        String second = ApiKeys.create(file, "second", List.of("read"));

        ApiKeys keys = ApiKeys.open(file);
        assertThat(keys.find(first)).map(Caller::name).contains("first");
        assertThat(keys.find(second)).map(Caller::name).contains("second");
        assertThat(Files.readAllLines(file)).hasSize(2);
    }
}
