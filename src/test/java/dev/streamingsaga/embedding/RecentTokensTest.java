package dev.streamingsaga.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class RecentTokensTest {
    private final AtomicInteger calls = new AtomicInteger();
    private final RecentTokens tokens = new RecentTokens(text -> {
        calls.incrementAndGet();
        return text.chars().asLongStream().toArray();
    });

    @Test
    void a_counted_text_is_not_tokenized_again() {
        assertThat(tokens.count("ab")).isEqualTo(2);

        assertThat(tokens.take("ab")).containsExactly('a', 'b');

        assertThat(calls).hasValue(1);
    }

    @Test
    void a_text_that_was_never_counted_or_taken_before_is_tokenized() {
        assertThat(tokens.take("ab")).containsExactly('a', 'b');
        assertThat(tokens.take("ab")).containsExactly('a', 'b');

        assertThat(calls).hasValue(2);
    }

    @Test
    void only_the_last_texts_are_kept() {
        tokens.count("first");
        for (int i = 0; i < 5000; i++) {
            tokens.count("text " + i);
        }
        int before = calls.get();

        tokens.take("first");
        tokens.take("text 4999");

        assertThat(calls).hasValue(before + 1);
    }
}
