package dev.streamingsaga.embedding;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * Counts tokens with a {@code tokenizer.json}, without its truncation: the truncation length becomes {@link #max()}, so
 * that a longer text is rejected instead of silently truncated.
 */
final class HuggingFaceTokenCounter implements TokenCounter {
    /** Used if the file contains no length: the limit of the BERT family. */
    private static final int DEFAULT_MAX = 512;

    private static final Map<String, String> WHOLE_TEXT =
            Map.of("truncation", "do_not_truncate", "padding", "do_not_pad", "modelMaxLength", "1000000");

    private final HuggingFaceTokenizer tokenizer;
    private final int max;
    private final RecentTokens recent = new RecentTokens(this::tokenize);

    HuggingFaceTokenCounter(InputStream tokenizerJson) throws IOException {
        tokenizer = HuggingFaceTokenizer.newInstance(tokenizerJson, WHOLE_TEXT);
        max = tokenizer.getMaxLength() > 0 ? tokenizer.getMaxLength() : DEFAULT_MAX;
    }

    /** The tokens of a text that is about to be embedded. */
    long[] ids(String text) {
        return recent.take(text);
    }

    /** Without the words, positions and masks that {@code encode} copies, too, which take longer than the tokens. */
    private long[] tokenize(String text) {
        long encoding = TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, true);
        try {
            return TokenizersLibrary.LIB.getTokenIds(encoding);
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    @Override
    public int count(String text) {
        return recent.count(text);
    }

    @Override
    public int max() {
        return max;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
