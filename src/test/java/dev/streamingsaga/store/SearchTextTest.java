package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.store.SearchText.Word;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Words of documents and of search texts. */
@Tag("unit")
class SearchTextTest {
    private static List<String> folded(String text) {
        return SearchText.of(text).all().stream().map(Word::folded).toList();
    }

    @ParameterizedTest
    @CsvSource({
        "Müller, muller",
        "MUELLER, muller",
        "Quelle, quelle",
        "neue, neue",
        "Frauen, frauen",
        "Größe, grosse",
        "GRÖSSE, grosse",
        "ｆｕｌｌ, full",
        "ﬁne, fine",
        "Ελλάς, ελλασ",
        "İstanbul, istanbul"
    })
    void folds_what_makes_no_difference(String word, String folded) {
        assertThat(SearchText.folded(word)).isEqualTo(folded);
    }

    @ParameterizedTest
    @CsvSource({
        "paket pakete paketen pakets",
        "rechner rechnern",
        "server servers",
        "package packages",
        "install installs installed installing",
        "verschlusselt verschlusselte verschlusselten",
        "datei dateien",
        "regel regeln"
    })
    void finds_one_stem_for_the_forms_of_a_word(String forms) {
        assertThat(List.of(forms.split(" ")))
                .extracting(SearchText::stem)
                .containsOnly(SearchText.stem(forms.split(" ")[0]));
    }

    @Test
    void divides_runs_without_spaces_into_pairs_and_keeps_their_places() {
        assertThat(folded("PDF文書を読む")).containsExactly("pdf", "文書", "書を", "を読", "読む", "む");
        assertThat(SearchText.of("a 文書").inOrder())
                .extracting(Word::start, Word::end)
                .startsWith(org.assertj.core.groups.Tuple.tuple(0, 1), org.assertj.core.groups.Tuple.tuple(2, 4));
    }

    @Test
    void joins_words_with_hyphens_after_all_others() {
        assertThat(folded("a state-of-the-art index"))
                .containsExactly("a", "state", "of", "the", "art", "index", "stateoftheart");
        assertThat(folded("- a - b -c")).containsExactly("a", "b", "c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\u00AD", "\u0301", "!?", "\uD83D\uDC4D", "\uD800"})
    void survives_text_without_words(String text) {
        assertThat(SearchText.of(text).all().size()).isLessThanOrEqualTo(1);
    }

    @Test
    void cuts_long_words_and_never_in_the_middle_of_a_letter() {
        String letter = new String(Character.toChars(0x10428));

        assertThat(folded("a" + letter.repeat(100)).get(0)).endsWith(letter).hasSizeLessThanOrEqualTo(64);
    }

    @Test
    void divides_a_search_text_into_words_phrases_and_filters() {
        SearchQuery query = SearchQuery.of("lease \"six months\" file:\"my file.pdf\" https://example.org type: \"");

        assertThat(query.text()).isEqualTo("lease six months https://example.org type: \"");
        assertThat(query.phrases()).containsExactly("six months");
        assertThat(query.filter().parameters()).containsExactly("my file.pdf");
    }

    @Test
    void takes_wildcards_of_a_database_literally() {
        assertThat(SearchQuery.of("a owner:50%_!*").filter().parameters()).containsExactly("50!%!_!!%");
    }

    @Test
    void leaves_out_words_that_say_nothing_unless_all_are_such() {
        assertThat(SearchQuery.of("Wie lege ich die Rechte fest").terms("de"))
                .extracting(Term::folded)
                .containsExactly("lege", "rechte", "fest");
        assertThat(SearchQuery.of("to be or not to be").terms("en")).hasSize(4);
        assertThat(SearchQuery.of("the die").terms("")).hasSize(2);
    }

    @Test
    void refuses_too_much_and_says_what_to_do() {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i <= SearchQuery.MAX_WORDS; i++) {
            words.append(" w").append(i);
        }

        assertThatThrownBy(() -> SearchQuery.of(words.toString()))
                .isInstanceOf(SearchTextException.class)
                .hasMessageContaining("at most 64 different words, has 65");
        assertThatThrownBy(() -> SearchQuery.of("a".repeat(2001))).hasMessageContaining("at most 2000 characters");
        assertThatThrownBy(() -> SearchQuery.of("a after:monday")).hasMessageContaining("after: needs a date");
        assertThatThrownBy(() -> SearchQuery.of("type:pdf")).hasMessageContaining("needs words in addition to filters");
    }
}
