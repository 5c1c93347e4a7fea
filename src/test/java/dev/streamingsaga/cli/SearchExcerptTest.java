package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.store.VectorSearch.Highlight;
import dev.streamingsaga.store.VectorSearch.Hit;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class SearchExcerptTest {
    private static Hit hit(String text, Highlight... words) {
        return new Hit("d", "s", "f", 1, 0, text, 1, "words", false, "", 1, "", List.of(words));
    }

    @Test
    void shows_the_words_in_bold_only_on_a_terminal_with_colours() {
        Hit hit = hit("the keeper\ncounted \u001bgulls", new Highlight(4, 10), new Highlight(20, 25));

        assertThat(new SearchExcerpt(false).of(hit)).isEqualTo("the keeper counted ?gulls");
        assertThat(new SearchExcerpt(true).of(hit))
                .isEqualTo("the \u001b[1mkeeper\u001b[22m counted ?\u001b[1mgulls\u001b[22m");
    }

    @Test
    void begins_shortly_before_the_first_word_of_a_long_text() {
        String text = "word ".repeat(100) + "lighthouse " + "word ".repeat(100);

        assertThat(new SearchExcerpt(false).of(hit(text, new Highlight(500, 510))))
                .startsWith("…word word")
                .contains(" lighthouse word")
                .endsWith("…")
                .hasSize(302);
    }
}
