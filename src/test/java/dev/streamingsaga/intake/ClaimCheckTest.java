package dev.streamingsaga.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code KafkaExampleTest} and {@code JmsTest} cover links, missing files and folders, with real brokers. */
@Tag("unit")
class ClaimCheckTest {
    @Test
    void names_a_file_inside_the_roots(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.toRealPath().resolve("a b.txt"), "a");
        ClaimCheck claims = new ClaimCheck("saga.claim-check.roots", List.of(directory.toRealPath()));

        assertThat(claims.file("{\"path\":\"" + file + "\"}")).isEqualTo(file);
        assertThat(claims.file("{\"uri\":\"" + file.toUri() + "\"}")).isEqualTo(file);
    }

    @Test
    void rejects_every_file_if_no_roots_are_set(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("a.txt"), "a");

        assertThatExceptionOfType(DocumentRefusedException.class)
                .isThrownBy(
                        () -> new ClaimCheck("saga.claim-check.roots", List.of()).file("{\"path\":\"" + file + "\"}"))
                .withMessageContaining("saga.claim-check.roots is empty")
                .satisfies(refused -> assertThat(refused.code()).isEqualTo("no-roots"));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{\"path\":\"/a\",\"uri\":\"file:///a\"}",
                "{\"path\":\"/a\",\"path\":\"/b\"}",
                "{\"path\":\"/a\"} {}",
                "{\"path\":\"/a\",\"more\":1}",
                "{\"uri\":\"ftp://host/a\"}",
                "{\"uri\":\"a b\"}"
            })
    void rejects_messages_that_are_no_claim_check(String message) {
        assertThatExceptionOfType(DocumentRefusedException.class)
                .isThrownBy(() -> new ClaimCheck("saga.claim-check.roots", List.of(Path.of("/"))).file(message))
                .satisfies(refused -> assertThat(refused.code()).isEqualTo("bad-json"));
    }

    @Test
    void rejects_a_message_that_is_too_long_without_parsing_it() {
        assertThatExceptionOfType(DocumentRefusedException.class)
                .isThrownBy(() -> new ClaimCheck("saga.claim-check.roots", List.of(Path.of("/")))
                        .file("{\"path\":\"/" + "a".repeat(ClaimCheck.MAX_CHARS) + "\"}"))
                .satisfies(refused -> assertThat(refused.kind()).isEqualTo(DocumentRefusedException.Kind.TOO_LARGE));
    }
}
