package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class ChunkKeysTest {
    @Test
    void a_key_has_six_digits_or_more() {
        assertThat(ChunkKeys.chunk("p/", 0)).isEqualTo("p/chunk-000000");
        assertThat(ChunkKeys.chunk("p/", 999_999)).isEqualTo("p/chunk-999999");
        assertThat(ChunkKeys.chunk("p/", 1_000_000)).isEqualTo("p/chunk-1000000");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 999_999, 1_000_000, Integer.MAX_VALUE})
    void recognizes_its_own_keys(int index) {
        assertThat(ChunkKeys.isChunk("p/", ChunkKeys.chunk("p/", index))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"p/manifest.json", "q/chunk-000000", "chunk-000000", "p/chunk-00000", "p/chunk-000000.tmp", "p/"
            })
    void recognizes_no_other_key(String key) {
        assertThat(ChunkKeys.isChunk("p/", key)).isFalse();
    }
}
