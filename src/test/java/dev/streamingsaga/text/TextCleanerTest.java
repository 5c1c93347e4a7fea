package dev.streamingsaga.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class TextCleanerTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "die Verarbei-\\ntung der Daten|die Verarbeitung der Daten",
                "die Verarbei- \\r\\n  tung|die Verarbeitung",
                "Straßen\\u00ADbahn|Straßenbahn",
                "Straßen\\u00AD\\nbahn|Straßenbahn",
                "Nord-\\nSüd-Achse|Nord-Süd-Achse",
                "1990-\\n1995|1990-1995",
                "Ein-\\nund Ausgabe|Ein- und Ausgabe",
                "a - b\\nc|a - b c",
                "ein  \\t Wort\\u00A0mehr|ein Wort mehr",
                "a\\u0308rgern|ärgern",
            })
    void joins_words_that_a_line_break_has_split(String raw, String clean) {
        String text = raw.replace("\\n", "\n")
                .replace("\\r", "\r")
                .replace("\\t", "\t")
                .replace("\\u00AD", "\u00AD")
                .replace("\\u00A0", "\u00A0")
                .replace("\\u0308", "\u0308");
        assertThat(TextCleaner.clean(text)).isEqualTo(clean);
    }

    @Test
    void removes_characters_that_databases_reject() {
        assertThat(TextCleaner.clean("\uFEFFa\0b\u0007c\uD800d \uD83D\uDE00")).isEqualTo("abcd \uD83D\uDE00");
    }

    @Test
    void keeps_paragraphs_apart() {
        assertThat(TextCleaner.clean(" one\ntwo \n \n\nthree\ffour ")).isEqualTo("one two\nthree\nfour");
    }

    @Test
    void truncates_a_line_without_splitting_a_character() {
        assertThat(TextCleaner.line("a\nb\uD83D\uDE00", 4)).isEqualTo("a b");
    }
}
