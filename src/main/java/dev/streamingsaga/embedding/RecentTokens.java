package dev.streamingsaga.embedding;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The tokens of the last {@value #TEXTS} short texts: a segment is counted when the text is split, and then embedded.
 * Thread-safe.
 */
final class RecentTokens {
    private static final int TEXTS = 2048;
    private static final int MAX_TOKENS = 512;

    private final Function<String, long[]> tokenizer;
    private final Map<String, long[]> recent = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, long[]> eldest) {
            return size() > TEXTS;
        }
    };

    RecentTokens(Function<String, long[]> tokenizer) {
        this.tokenizer = tokenizer;
    }

    int count(String text) {
        long[] ids = tokenizer.apply(text);
        if (ids.length <= MAX_TOKENS) {
            synchronized (recent) {
                recent.put(text, ids);
            }
        }
        return ids.length;
    }

    /** Forgets them, since a segment is embedded once. */
    long[] take(String text) {
        synchronized (recent) {
            long[] known = recent.remove(text);
            if (known != null) {
                return known;
            }
        }
        return tokenizer.apply(text);
    }
}
