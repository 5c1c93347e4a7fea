package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class LanguageDetectionTest {
    private static final LanguageDetection LANGUAGES = new LanguageDetection();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "How does a computer get its address when it boots? | en",
                "Wie bekommt ein Rechner beim Hochfahren seine Adresse? | de",
                "Comment un ordinateur obtient-il son adresse au démarrage ? | fr",
                "Как компьютер получает адрес при загрузке системы? | ru",
                "東京都の図書館は月曜日に休みます | ja",
                "北京大学图书馆星期一不开放 | zh",
                "도서관은 월요일에 쉽니다 | ko",
                "ห้องสมุดปิดทุกวันจันทร์ | th"
            })
    void detects_the_language_of_a_sentence(String text, String language) {
        assertThat(LANGUAGES.of(text)).isEqualTo(language);
    }

    @Test
    void does_not_decide_by_few_words() {
        assertThat(LANGUAGES.of("Kernel kompilieren")).isEmpty();
        assertThat(LANGUAGES.of("")).isEmpty();
        assertThat(LANGUAGES.of("1234 5678 %&/ 42 17")).isEmpty();
    }
}
