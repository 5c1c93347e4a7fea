package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class ByteRangeTest {
    private static final long SIZE = 10;

    private static ByteRange of(String header) {
        return ByteRange.of(Optional.of(header), SIZE);
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, bytes 0-0/10",
        "bytes=0-9, bytes 0-9/10",
        "bytes=9-9, bytes 9-9/10",
        "bytes=3-, bytes 3-9/10",
        "bytes=3-10, bytes 3-9/10",
        "bytes=3-99999999999999999999, bytes 3-9/10",
        "bytes=-1, bytes 9-9/10",
        "bytes=-10, bytes 0-9/10",
        "bytes=-11, bytes 0-9/10",
        "BYTES = 0000000000000000000000002 - 4, bytes 2-4/10"
    })
    void selects_one_range(String header, String contentRange) {
        ByteRange range = of(header);

        assertThat(range.text()).isEqualTo(contentRange);
        assertThat(range.status()).isEqualTo(206);
        assertThat(range.length()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "bytes=-", "bytes=4-3", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=0--1"})
    void ignores_what_is_not_one_range_of_bytes(String header) {
        assertThat(of(header)).isEqualTo(ByteRange.all(SIZE));
        assertThat(of(header).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999-"})
    void rejects_a_range_after_the_end_and_states_the_size(String header) {
        assertThatThrownBy(() -> of(header)).isInstanceOfSatisfying(Problem.class, problem -> {
            assertThat(problem.status()).isEqualTo(416);
            assertThat(problem.reply().headers()).containsEntry("Content-Range", "bytes */10");
        });
    }

    @Test
    void an_empty_content_has_no_range() {
        assertThat(ByteRange.of(Optional.empty(), 0)).isEqualTo(ByteRange.all(0));
        assertThatThrownBy(() -> ByteRange.of(Optional.of("bytes=0-"), 0)).isInstanceOf(Problem.class);
        assertThatThrownBy(() -> ByteRange.of(Optional.of("bytes=-5"), 0)).isInstanceOf(Problem.class);
    }
}
