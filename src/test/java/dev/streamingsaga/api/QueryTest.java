package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class QueryTest {
    private static Query of(String query) {
        return Query.of(HeadersOnlyCall.query(query), "q", "limit", "watch");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "q=a+b%2Bc | a b+c",
                "q=M%C3%B6we | Möwe",
                "q=MÃ¶we | Möwe",
                "q=%F0%9F%90%A6 | 🐦",
                "q=a=b | a=b",
                "&q=1&& | 1",
                "%71=1 | 1"
            })
    void decodes_names_and_values(String query, String value) {
        assertThat(of(query).text("q")).contains(value);
    }

    @Test
    void an_absent_and_an_empty_value_are_not_given() {
        assertThat(of("").text("q")).isEmpty();
        assertThat(of("q").text("q")).isEmpty();
        assertThat(of("q=").text("q")).isEmpty();
        assertThat(of("q").has("q")).isTrue();
        assertThat(of("").has("q")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"q=%", "q=%4", "q=%zz", "q=%+1", "q=%FF", "q=%C3", "q=\u20AC", "q=%ED%A0%80"})
    void rejects_what_is_not_encoded_as_utf_8(String query) {
        assertThatThrownBy(() -> of(query))
                .isInstanceOfSatisfying(
                        Problem.class, problem -> assertThat(problem.status()).isEqualTo(400));
    }

    @Test
    void rejects_unknown_and_repeated_parameters_and_names_the_known_ones() {
        assertThatThrownBy(() -> of("Q=1")).hasMessageContaining("\"Q\"").hasMessageContaining("q, limit, watch");
        assertThatThrownBy(() -> of("q=1&q=1")).hasMessageContaining("twice");
        assertThatThrownBy(() -> Query.of(HeadersOnlyCall.query("q=1"))).hasMessageContaining("none");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "101", "-1", "", "1.0", "1000000000", "99999999999"})
    void rejects_numbers_out_of_range(String number) {
        assertThatThrownBy(() -> of("limit=" + number).number("limit", 50, 100))
                .hasMessageContaining("limit must be a number from 1 to 100");
    }

    @Test
    void numbers_and_flags_have_defaults_and_limits() {
        assertThat(of("").number("limit", 50, 100)).isEqualTo(50);
        assertThat(of("limit=1").number("limit", 50, 100)).isEqualTo(1);
        assertThat(of("limit=100").number("limit", 50, 100)).isEqualTo(100);
        assertThat(of("").flag("watch")).isFalse();
        assertThat(of("watch=true").flag("watch")).isTrue();
        assertThatThrownBy(() -> of("watch=yes").flag("watch")).hasMessageContaining("true or false");
    }

    @Test
    void encodes_the_parameters_of_the_next_page() {
        assertThat(of("q=a+b&limit=2").with("limit", "ü&")).isEqualTo("limit=%C3%BC%26&q=a+b");
    }
}
