package dev.streamingsaga.content;

/**
 * For models whose tokenizer we don't have: counts high rather than low. A run of letters or digits takes one token for
 * every {@value #CHARS_PER_TOKEN} characters begun (English words take one for 4 to 6, German ones for 3 in an English
 * vocabulary), every other visible character one (CJK, punctuation, emoji), and two are special.
 */
record EstimatedTokenCounter(int max) implements TokenCounter {
    /** What nearly every embedding model takes. */
    static final EstimatedTokenCounter OF_512 = new EstimatedTokenCounter(512);

    private static final int CHARS_PER_TOKEN = 3;
    private static final int SPECIAL = 2;

    @Override
    public int count(String text) {
        int tokens = SPECIAL;
        int run = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isLetterOrDigit(c) && c < '\u2E80') {
                tokens += run++ % CHARS_PER_TOKEN == 0 ? 1 : 0;
            } else {
                run = 0;
                tokens += Character.isWhitespace(c) ? 0 : 1;
            }
        }
        return tokens;
    }

    @Override
    public void close() {
        // nothing is held
    }
}
