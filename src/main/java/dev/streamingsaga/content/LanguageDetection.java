package dev.streamingsaga.content;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.apache.tika.langdetect.optimaize.OptimaizeLangDetector;
import org.apache.tika.language.detect.LanguageDetector;
import org.apache.tika.language.detect.LanguageResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects the language of a text by its script if possible, else by the frequency of its letters. The profiles of
 * {@value #PROFILES} take 4 MB of heap and are loaded when they are first needed. Without the library of Tika, these
 * languages are never detected. Thread-safe.
 */
final class LanguageDetection {
    private static final Logger LOG = LoggerFactory.getLogger(LanguageDetection.class);
    private static final String PROFILES = "en,de,fr,es,it,pt,nl,sv,da,no,pl,cs,fi,hu,tr,ro,ca,ru,uk,bg";
    private static final int MIN_WORDS = 4;
    private static final float MIN_PROBABILITY = 0.95f;
    private static final int MAX_CHARS = 10_000;
    /** One letter in so many is enough for kana, since Japanese has more Han characters. */
    private static final int KANA_SHARE = 10;

    private static final Map<UnicodeScript, String> LANGUAGES = new EnumMap<>(Map.of(
            UnicodeScript.HAN, "zh",
            UnicodeScript.HANGUL, "ko",
            UnicodeScript.THAI, "th",
            UnicodeScript.GREEK, "el",
            UnicodeScript.HEBREW, "he",
            UnicodeScript.ARABIC, "ar",
            UnicodeScript.DEVANAGARI, "hi"));

    private @Nullable LanguageDetector detector;
    private boolean missing;

    /**
     * Returns the ISO 639-1 code of the main language of the text; empty if it cannot be detected, or if the text has
     * fewer than {@value #MIN_WORDS} words.
     */
    String of(String text) {
        String beginning = text.substring(0, Math.min(text.length(), MAX_CHARS));
        Map<UnicodeScript, Integer> letters = letters(beginning);
        int all = letters.values().stream().mapToInt(Integer::intValue).sum();
        int kana = letters.getOrDefault(UnicodeScript.HIRAGANA, 0) + letters.getOrDefault(UnicodeScript.KATAKANA, 0);
        int han = letters.getOrDefault(UnicodeScript.HAN, 0);
        if (kana > 0 && 2 * (kana + han) > all && kana * KANA_SHARE > kana + han) {
            return "ja";
        }
        for (Map.Entry<UnicodeScript, Integer> script : letters.entrySet()) {
            String language = LANGUAGES.get(script.getKey());
            if (language != null && 2 * script.getValue() > all) {
                return language;
            }
        }
        return beginning.strip().split("[^\\p{L}\\p{M}]+").length < MIN_WORDS ? "" : byLetters(beginning);
    }

    private static Map<UnicodeScript, Integer> letters(String text) {
        Map<UnicodeScript, Integer> letters = new EnumMap<>(UnicodeScript.class);
        text.codePoints()
                .filter(Character::isLetter)
                .forEach(letter -> letters.merge(UnicodeScript.of(letter), 1, Integer::sum));
        return letters;
    }

    private synchronized String byLetters(String text) {
        if (missing) {
            return "";
        }
        LanguageDetector loaded;
        try {
            loaded = detector();
        } catch (NoClassDefFoundError e) {
            missing = true;
            LOG.info("languages are detected by their script only: org.apache.tika:tika-langdetect-optimaize is not on"
                    + " the class path");
            return "";
        }
        loaded.reset();
        loaded.addText(text.toCharArray(), 0, text.length());
        LanguageResult best = loaded.detect();
        return best.getRawScore() >= MIN_PROBABILITY ? best.getLanguage() : "";
    }

    private LanguageDetector detector() {
        if (detector == null) {
            try {
                detector = new OptimaizeLangDetector().loadModels(Set.of(PROFILES.split(",")));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read the profiles of languages", e);
            }
        }
        return detector;
    }
}
