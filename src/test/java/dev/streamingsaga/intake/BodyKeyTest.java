package dev.streamingsaga.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyKeyTest {
    private static final String DIGEST = "ab".repeat(32);

    @Test
    void is_made_of_sender_name_and_content() {
        BodyKey key = BodyKey.of("http", "alice", "a.PDF", DIGEST);

        // Documents of former versions are found by it: it must not change.
        assertThat(key).hasToString("http:ec3677b31636358e9efc295038eb3f3b.pdf");
        assertThat(key).isEqualTo(BodyKey.of("http", "alice", "a.PDF", DIGEST));
        assertThat(BodyKey.of("http", "bob", "a.PDF", DIGEST)).isNotEqualTo(key);
        assertThat(BodyKey.of("http", "alice", "b.PDF", DIGEST)).isNotEqualTo(key);
        assertThat(BodyKey.of("http", "alice", "a.PDF", "cd".repeat(32))).isNotEqualTo(key);
        assertThat(BodyKey.of("jms", "alice", "a.PDF", DIGEST)).isNotEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.pdf", "a", "a.", "a.tar.gz", "a.not-a-type", "a.longerthanten"})
    void is_read_from_its_text(String name) {
        BodyKey key = BodyKey.of("jms", "jms", name, DIGEST);

        assertThat(BodyKey.parse(key.toString())).contains(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/in/a.pdf", "http:../../etc/passwd", "http:", "http:0f.pdf", "C:\\a.pdf", ""})
    void other_sources_are_no_bodies(String key) {
        assertThat(BodyKey.parse(key)).isEmpty();
    }
}
