package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class EntityTagsTest {
    private static final Optional<String> CURRENT = Optional.of(EntityTags.of("abc"));
    private static final Optional<String> NONE = Optional.empty();

    private static void requireMatch(String header, Optional<String> current) {
        EntityTags.requireMatch(HeadersOnlyCall.header("If-Match", header), current);
    }

    private static boolean isKnown(String header, Optional<String> current) {
        return EntityTags.isKnown(HeadersOnlyCall.header("If-None-Match", header), current);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "\"abc\"", "\"x\", \"abc\"", " \"abc\" ,W/\"y\""})
    void if_match_accepts_the_current_document(String header) {
        assertThatCode(() -> requireMatch(header, CURRENT)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"x\"", "W/\"abc\"", "\"ABC\"", "\"\""})
    void if_match_rejects_another_document_and_compares_strongly(String header) {
        assertThatThrownBy(() -> requireMatch(header, CURRENT)).isInstanceOfSatisfying(Problem.class, problem -> {
            assertThat(problem.status()).isEqualTo(412);
            assertThat(problem.reply().headers()).containsEntry("ETag", "\"abc\"");
        });
    }

    @Test
    void nothing_matches_where_there_is_no_document() {
        assertThatThrownBy(() -> requireMatch("*", NONE)).hasMessageContaining("any document, but there is none");
        assertThatThrownBy(() -> requireMatch("\"abc\"", NONE)).hasMessageContaining("there is none");
        assertThat(isKnown("*", NONE)).isFalse();
        assertThat(isKnown("\"abc\"", NONE)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "\"abc\"", "W/\"abc\"", "\"x\",\"abc\""})
    void if_none_match_compares_weakly(String header) {
        assertThat(isKnown(header, CURRENT)).isTrue();
    }

    @Test
    void if_none_match_does_not_know_another_document() {
        assertThat(isKnown("\"x\", W/\"y\"", CURRENT)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "\"abc", "\"a\" \"b\"", ",", "\"a\", b", "w/\"abc\"", "*, \"abc\"", "\"a\u0001\""})
    void rejects_what_is_not_a_list_of_tags(String header) {
        for (String name : new String[] {"If-Match", "If-None-Match"}) {
            HttpCall call = HeadersOnlyCall.header(name, header);
            assertThat(EntityTags.isConditional(call)).isTrue();
            assertThatThrownBy(() -> {
                        EntityTags.requireMatch(call, CURRENT);
                        boolean unused = EntityTags.isKnown(call, CURRENT);
                    })
                    .isInstanceOfSatisfying(
                            Problem.class,
                            problem -> assertThat(problem.status()).isEqualTo(400))
                    .hasMessageContaining(name);
        }
    }

    @Test
    void a_request_without_conditions_is_unconditional() {
        HttpCall call = HeadersOnlyCall.query("");
        assertThat(EntityTags.isConditional(call)).isFalse();
        assertThat(EntityTags.isKnown(call, CURRENT)).isFalse();
        assertThatCode(() -> EntityTags.requireMatch(call, NONE)).doesNotThrowAnyException();
    }
}
