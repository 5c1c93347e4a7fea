package dev.streamingsaga.charset;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.tika.parser.txt.CharsetMatch;
import org.mozilla.universalchardet.UniversalDetector;

/**
 * Detects the charset of a text file. UTF-8 and byte order marks are certain. Otherwise the detectors of ICU and
 * Mozilla suggest candidates, and the one whose decoded text looks most like a language is chosen. Neither detector
 * knows the DOS and Macintosh charsets of western Europe, or UTF-16 without a byte order mark except for Latin letters.
 * The same bytes always give the same charset.
 */
public final class CharsetDetector {
    private static final List<String> EIGHT_BIT = List.of(
            "windows-1252",
            "ISO-8859-15",
            "windows-1250",
            "ISO-8859-2",
            "windows-1254",
            "windows-1257",
            "IBM850",
            "x-MacRoman",
            "IBM852",
            "windows-1251",
            "KOI8-R",
            "KOI8-U",
            "IBM866",
            "ISO-8859-5",
            "x-MacCyrillic",
            "windows-1253",
            "ISO-8859-7",
            "windows-1255",
            "windows-1256",
            "ISO-8859-6",
            "x-windows-874",
            "GB18030",
            "Big5",
            "windows-31j",
            "EUC-JP",
            "x-windows-949");

    private static final List<String> EBCDIC =
            List.of("IBM1047", "IBM273", "IBM277", "IBM278", "IBM280", "IBM284", "IBM297");

    private static final List<List<String>> SIMILAR = List.of(
            List.of("windows-1252", "ISO-8859-15"),
            List.of("windows-1250", "ISO-8859-2"),
            List.of("windows-1251", "x-MacCyrillic"),
            List.of("KOI8-R", "KOI8-U"),
            List.of("windows-1253", "ISO-8859-7"),
            List.of("windows-1256", "ISO-8859-6"));

    private static final char ESCAPE = 0x1B;

    /** The weight of a letter that fits, relative to a charset being suggested by a detector. */
    private static final int LETTER_WEIGHT = 10;

    private final Charset fallback;

    /** @param fallback preferred if it fits as well as the best */
    public CharsetDetector(Charset fallback) {
        this.fallback = fallback;
    }

    /** The charset of the whole file. */
    public CharsetGuess detect(TextSample sample) {
        byte[] beginning = sample.beginning();
        Optional<Charset> marked = UnicodeForms.byMark(beginning);
        if (marked.isPresent()) {
            return new CharsetGuess(marked.get(), true);
        }
        byte[] lines = sample.lines();
        Utf8 utf8 = Utf8.of(lines);
        boolean zeros = has(beginning, 0);
        if (utf8.isValid() && !zeros) {
            return has(lines, ESCAPE) ? escaped(lines) : new CharsetGuess(StandardCharsets.UTF_8, true);
        }
        return new CharsetGuess(guess(sample, utf8), false);
    }

    private Charset guess(TextSample sample, Utf8 utf8) {
        Optional<Charset> unicode = UnicodeForms.byCharacters(sample.beginning());
        if (unicode.isPresent()) {
            return unicode.get();
        }
        if (utf8.isMostly()) {
            return StandardCharsets.UTF_8;
        }
        byte[] telling = sample.telling();
        if (Ebcdic.matches(telling)) {
            return best(telling, CommonCharacters.supported(EBCDIC), Set.of());
        }
        List<Charset> candidates = new ArrayList<>(List.of(fallback));
        candidates.addAll(CommonCharacters.supported(EIGHT_BIT));
        return best(telling, candidates, named(telling));
    }

    /** ASCII that switches to other characters with escape sequences (ISO-2022-JP, -KR, -CN), or to colours. */
    private static CharsetGuess escaped(byte[] lines) {
        CharsetMatch match = icu(lines);
        return match != null && match.getName().startsWith("ISO-2022")
                ? named(match.getName())
                        .map(charset -> new CharsetGuess(charset, false))
                        .orElse(new CharsetGuess(StandardCharsets.UTF_8, true))
                : new CharsetGuess(StandardCharsets.UTF_8, true);
    }

    private static boolean has(byte[] bytes, int value) {
        for (byte b : bytes) {
            if (b == value) {
                return true;
            }
        }
        return false;
    }

    private Charset best(byte[] bytes, List<Charset> candidates, Set<Charset> named) {
        Charset best = fallback;
        long most = Long.MIN_VALUE;
        for (Charset candidate : candidates) {
            String text = new String(bytes, candidate);
            long score = (long) LETTER_WEIGHT * LetterScore.of(text) + (isNamed(candidate, named) ? high(bytes) : 0);
            if (score > most) {
                most = score;
                best = candidate;
            }
        }
        return best;
    }

    private boolean isNamed(Charset candidate, Set<Charset> named) {
        return candidate.equals(fallback) || named.contains(candidate);
    }

    private static int high(byte[] bytes) {
        int high = 0;
        for (byte b : bytes) {
            high += b < 0 ? 1 : 0;
        }
        return high;
    }

    /** The suggestions of the detectors, and charsets that differ from them in few letters. */
    private static Set<Charset> named(byte[] bytes) {
        Set<String> names = new HashSet<>();
        CharsetMatch icu = icu(bytes);
        if (icu != null) {
            names.add(icu.getName());
        }
        UniversalDetector mozilla = new UniversalDetector();
        mozilla.handleData(bytes, 0, bytes.length);
        mozilla.dataEnd();
        names.add(Objects.requireNonNullElse(mozilla.getDetectedCharset(), ""));
        Set<Charset> named = new HashSet<>();
        for (String name : names) {
            named(name).ifPresent(named::add);
            SIMILAR.stream()
                    .filter(similar -> similar.contains(wider(name)))
                    .forEach(similar -> named.addAll(CommonCharacters.supported(similar)));
        }
        return named;
    }

    private static CharsetMatch icu(byte[] bytes) {
        org.apache.tika.parser.txt.CharsetDetector icu = new org.apache.tika.parser.txt.CharsetDetector(bytes.length);
        icu.setText(bytes);
        return icu.detect();
    }

    private static Optional<Charset> named(String name) {
        return name.isEmpty()
                ? Optional.empty()
                : CommonCharacters.supported(List.of(wider(name))).stream().findFirst();
    }

    /** Returns a charset that contains the suggested one. */
    private static String wider(String name) {
        return switch (name) {
            case "ISO-8859-1", "US-ASCII", "WINDOWS-1252" -> "windows-1252";
            case "ISO-8859-9" -> "windows-1254";
            case "ISO-8859-8", "ISO-8859-8-I", "WINDOWS-1255" -> "windows-1255";
            case "WINDOWS-1251" -> "windows-1251";
            case "WINDOWS-1253" -> "windows-1253";
            case "TIS620" -> "x-windows-874";
            case "MACCYRILLIC" -> "x-MacCyrillic";
            case "SHIFT_JIS", "Shift_JIS" -> "windows-31j";
            case "EUC-KR" -> "x-windows-949";
            default -> name;
        };
    }
}
