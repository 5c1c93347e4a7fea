package dev.streamingsaga.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class DocumentNameTest {
    private static final String TECHNOLOGIST = "👩\u200D💻.txt";

    @ParameterizedTest
    @ValueSource(
            strings = {"a.txt", "näme of mine", TECHNOLOGIST, "می\u200Cخواهم.pdf", "…", "a\u00A0b", "\u0628.txt", " a "
            })
    void allows_joiners_and_every_script(String name) {
        assertThat(DocumentName.checked(name)).isEqualTo(name);
        assertThat(DocumentName.cleaned(name)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "a\u202Etxt.exe, a%E2%80%AEtxt.exe",
        "a\u2066b, a%E2%81%A6b",
        "a\u200Fb, a%E2%80%8Fb",
        "a\u061Cb, a%D8%9Cb",
        "a\u0001b, a%01b",
        "a\u007Fb, a%7Fb",
        "a\u0085b, a%C2%85b",
        "a\u2028b, a%E2%80%A8b",
        "a\uFEFFb, a%EF%BB%BFb",
        "a\uD83Db, a%EF%BF%BDb",
        "a\\b, a%5Cb",
        "., %2E",
        "\u200D, %E2%80%8D",
        "\u00A0, %C2%A0"
    })
    void rejects_misleading_characters_from_a_sender_and_encodes_them_for_a_file(String name, String cleaned) {
        assertThatThrownBy(() -> DocumentName.checked(name))
                .isInstanceOf(DocumentRefusedException.class)
                .hasMessageContaining("control character");
        assertThat(DocumentName.cleaned(name)).isEqualTo(cleaned);
        assertThat(DocumentName.checked(cleaned)).isEqualTo(cleaned);
    }

    @Test
    void a_cleaned_name_never_exceeds_the_limit() {
        String most = "\u202E".repeat(80) + "ä.txt";
        assertThat(DocumentName.cleaned(most)).isEqualTo("_".repeat(80) + "ä.txt");
        assertThat(DocumentName.checked(DocumentName.cleaned("ä".repeat(300))).getBytes(StandardCharsets.UTF_8))
                .hasSizeBetween(250, 255);
        assertThatThrownBy(() -> DocumentName.checked("ä".repeat(128))).isInstanceOf(DocumentRefusedException.class);
    }

    @Test
    void shows_text_without_misleading_characters_and_cuts_between_characters() {
        assertThat(PrintableText.text(TECHNOLOGIST + "\n\u202E")).isEqualTo("\"" + TECHNOLOGIST + "??\"");
        assertThat(PrintableText.text("💻".repeat(101))).isEqualTo("\"" + "💻".repeat(100) + "…\"");
    }
}
