package dev.streamingsaga.embedding;

/**
 * Estimates tokens for models without a known tokenizer, rather too high than too low. A run of letters or digits
 * counts one token for each {@value #CHARS_PER_TOKEN} characters or part of them (English words take one for 4 to 6,
 * German words one for 3 in an English vocabulary). Every other visible character (CJK, punctuation, emoji) counts one.
 * Two special tokens are added.
 */
public record EstimatedTokenCounter(int max) implements TokenCounter {
    /** The limit of nearly every embedding model. */
    public static final EstimatedTokenCounter OF_512 = new EstimatedTokenCounter(512);

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
        // no resources
    }
}
