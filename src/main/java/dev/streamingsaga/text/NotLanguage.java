package dev.streamingsaga.text;

import java.util.BitSet;

/**
 * Removes parts of a text that mean nothing to a model and that nobody searches for: base64, hex, ASCII85, uuencoded
 * and yEnc files, dumps, and all but {@value #KEPT} of the same punctuation mark in a row. Tables of numbers, lists of
 * files, identifiers and text without blanks are kept. Accepts the text in parts of any size, and works in linear time.
 * Not thread-safe.
 */
public final class NotLanguage {
    /** The minimum number of consecutive encoded lines. */
    private static final int MIN_LINES = 3;

    private static final int LINE_CHARS = 60;
    private static final int WORD_CHARS = 200;
    private static final int LAST_LINE_CHARS = 16;
    private static final int MANY_MARKS = 8;
    private static final int KEPT = 3;

    private final StringBuilder kept = new StringBuilder();

    /** Encoded lines, as long as they are too few to be removed. */
    private final StringBuilder doubtful = new StringBuilder();

    private final DumpLines dumps = new DumpLines();
    private final YencLines yenc = new YencLines();
    private int encodedLines;
    private boolean inWord;
    private long leftOut;

    /** Returns the text to keep; its last lines may come with the next call, or at the {@link #end}. */
    public String keep(String text) {
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start) + 1;
            addLine(text.substring(start, end == 0 ? text.length() : end));
            start = end == 0 ? text.length() : end;
        }
        return taken();
    }

    /** The rest of the text: what comes then is another page. */
    public String end() {
        endLines();
        yenc.end();
        inWord = false;
        return taken();
    }

    /** Whether the {@link #end} may have text. */
    public boolean isInDoubt() {
        return !doubtful.isEmpty();
    }

    /** Characters that were left out so far. */
    public long leftOut() {
        return leftOut;
    }

    private String taken() {
        String text = kept.toString();
        kept.setLength(0);
        return text;
    }

    private void addLine(String line) {
        String content = line.strip();
        boolean dump = dumps.continues(content);
        boolean inYenc = yenc.continues(content);
        if (dump || inYenc || isEncodedLine(content) || isUuencoded(content) || Ascii85Line.isFull(content)) {
            doubtful.append(line);
            encodedLines++;
            leaveOutDoubtful();
        } else if (encodedLines >= MIN_LINES && isLastLine(content)) {
            leftOut += line.length();
            endLines();
        } else {
            endLines();
            addWords(line);
        }
    }

    private void leaveOutDoubtful() {
        if (encodedLines >= MIN_LINES) {
            leftOut += doubtful.length();
            doubtful.setLength(0);
            kept.append(encodedLines == MIN_LINES ? "\n" : "");
        }
    }

    private void endLines() {
        if (!doubtful.isEmpty()) {
            String few = doubtful.toString();
            doubtful.setLength(0);
            addWords(few);
        }
        encodedLines = 0;
        dumps.end();
    }

    private static boolean isEncodedLine(String line) {
        return line.length() >= LINE_CHARS
                && encodedEnd(line, 0) == line.length()
                && Letters.of(line).areEncoded();
    }

    /** A full line of uuencode: its first character encodes its length. */
    private static boolean isUuencoded(String line) {
        return line.length() == LINE_CHARS + 1
                && line.charAt(0) == 'M'
                && line.chars().allMatch(c -> c >= ' ' && c <= '`');
    }

    /** The shorter last line of base64, uuencode or ASCII85. */
    private static boolean isLastLine(String line) {
        boolean base64 = !line.isEmpty()
                && encodedEnd(line, 0) == line.length()
                && (line.endsWith("=")
                        || line.length() >= LAST_LINE_CHARS && Letters.of(line).areEncoded());
        return base64 || Ascii85Line.isLast(line);
    }

    /** Leaves out encoded words, and repeated marks. */
    private void addWords(String line) {
        for (int i = 0; i < line.length(); ) {
            int end = Math.max(encodedEnd(line, i), i + 1);
            boolean continued = inWord && i == 0 && isEncoded(line.charAt(0));
            boolean encoded = continued
                    || end - i > WORD_CHARS
                            && Letters.of(line.substring(i, end)).areEncoded();
            if (encoded) {
                leftOut += end - i;
                inWord = end == line.length();
                kept.append(' ');
            } else {
                inWord = false;
                int at = i;
                while (at < end) {
                    at = isMark(line.charAt(at)) ? keepMarks(line, at) : keepLetters(line, at, end);
                }
                end = at;
            }
            i = end;
        }
    }

    private int keepLetters(String line, int start, int wordEnd) {
        int end = start + 1;
        while (end < wordEnd && !isMark(line.charAt(end))) {
            end++;
        }
        kept.append(line, start, end);
        return end;
    }

    /** Keeps a few of the same marks in a row, with or without a blank between them; returns where they end. */
    private int keepMarks(String line, int start) {
        int marks = 0;
        int end = start;
        for (int i = start; i < line.length() && i <= end + 1; i++) {
            if (line.charAt(i) == line.charAt(start)) {
                marks++;
                end = i + 1;
            } else if (line.charAt(i) != ' ') {
                break;
            }
        }
        boolean many = marks > MANY_MARKS;
        leftOut += many ? end - start - KEPT : 0;
        kept.append(many ? line.substring(start, start + 1).repeat(KEPT) : line.substring(start, end));
        return end;
    }

    private static boolean isMark(char c) {
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION,
                    Character.MATH_SYMBOL,
                    Character.CURRENCY_SYMBOL,
                    Character.MODIFIER_SYMBOL,
                    Character.OTHER_SYMBOL -> true;
            default -> false;
        };
    }

    /** Where a run of characters of base64 ends that begins here. */
    private static int encodedEnd(String text, int start) {
        int end = start;
        while (end < text.length() && isEncoded(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isEncoded(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "+/=-_".indexOf(c) >= 0;
    }

    /** How many letters of which kind a run of base64 characters has. */
    private record Letters(int length, int capitals, int small, int digits, int hex, int different) {
        private static final int FEW_DIFFERENT = 4;

        static Letters of(String run) {
            BitSet different = new BitSet();
            run.chars().forEach(different::set);
            return new Letters(
                    run.length(),
                    (int) run.chars().filter(c -> c >= 'A' && c <= 'Z').count(),
                    (int) run.chars().filter(c -> c >= 'a' && c <= 'z').count(),
                    (int) run.chars().filter(c -> c >= '0' && c <= '9').count(),
                    (int) run.chars().filter(c -> Character.digit(c, 16) >= 0).count(),
                    different.cardinality());
        }

        /** Words, paths and identifiers have few capitals, few digits, or both. */
        boolean areEncoded() {
            boolean base64 = capitals * 7 >= length && small * 7 >= length && digits * 50 >= length;
            return base64 || hex == length || different <= FEW_DIFFERENT;
        }
    }
}
