package dev.streamingsaga.charset;

import java.util.List;
import java.util.Map;

/**
 * The letters of languages in addition to a to z.
 *
 * @param frequent in the order of the alphabet
 * @param others rarer ones
 */
record LanguageLetters(String frequent, String others) {
    private static final int FREQUENT = 3;
    private static final int RARE = 1;
    private static final int FOREIGN = -2;

    static final List<LanguageLetters> ALL = List.of(
            new LanguageLetters("äöüß", "éàèêç"),
            new LanguageLetters("éèàêç", "âëîïôùûüœæÿ"),
            new LanguageLetters("áéíóúñ", "üçªº"),
            new LanguageLetters("ãõçáéíóúêâô", "àü"),
            new LanguageLetters("àèéìòù", "îç"),
            new LanguageLetters("åäö", "éüæø"),
            new LanguageLetters("åæø", "éäöü"),
            new LanguageLetters("áðéíóúýþæö", ""),
            new LanguageLetters("ëéïèö", "üáóêâç"),
            new LanguageLetters("ąćęłńóśźż", "äöüé"),
            new LanguageLetters("áčďéěíňóřšťúůýž", "ľĺŕäôöü"),
            new LanguageLetters("áéíóöőúüű", "ä"),
            new LanguageLetters("čćđšž", "äöü"),
            new LanguageLetters("ăâîșțşţ", "é"),
            new LanguageLetters("çğıöşü", "âîûi̇"),
            new LanguageLetters("āčēģīķļņšūž", "ōŗ"),
            new LanguageLetters("ąčęėįšųūž", ""),
            new LanguageLetters("äõöü", "šž"),
            new LanguageLetters("оеаинтсрвлкмдпу", "яыьгзбчйхжшюцщэфёъ"),
            new LanguageLetters("оаинтерсвлкмудп", "яіїєґьгзбчйхжшюцщф"),
            new LanguageLetters("аеиотнрсвлкдпмз", "ъяюгбчйхжшцщуфѝь"),
            new LanguageLetters("аеиортнсвлкдмпу", "јњљћђџгзбчхжшцфѓќѕ"),
            new LanguageLetters("αεηιοτνςσρκπλμυ", "ωάέήίόύώγδθβφχξζψϊϋΐΰ"),
            new LanguageLetters("אבהוילמנרשת", "גדזחטכךםןסעפףצץק"),
            new LanguageLetters("ابتدرعفلمنوي", "أإآثجحخذزسشصضطظغقكهىةئءؤکگپچی"),
            new LanguageLetters("กงดตทนมยรลวสอะาเแ", "ขคจฉชซญฐณถธบปผฝพฟภศษหฬฮัิีึืุู็่้๊๋์ไใโำฯๆ"));

    /** How well letters, each with its count, fit the language that they fit best. */
    static int best(Map<Character, Integer> letters) {
        return letters.isEmpty()
                ? 0
                : ALL.stream()
                        .mapToInt(language -> language.score(letters))
                        .max()
                        .orElse(0);
    }

    private int score(Map<Character, Integer> letters) {
        return letters.entrySet().stream()
                .mapToInt(letter -> weight(letter.getKey()) * letter.getValue())
                .sum();
    }

    private int weight(char letter) {
        if (frequent.indexOf(letter) >= 0) {
            return FREQUENT;
        }
        return others.indexOf(letter) >= 0 ? RARE : FOREIGN;
    }
}
