package dev.streamingsaga.chunk;

import java.util.regex.Pattern;

/** Object names below the prefix of a saga. */
final class ChunkKeys {
    static final String MANIFEST = "manifest.json";
    static final String RECEIPT = "receipt.jws";
    private static final Pattern CHUNK = Pattern.compile("chunk-\\d{6,}");

    private ChunkKeys() {}

    static String chunk(String keyPrefix, int index) {
        return keyPrefix + "chunk-%06d".formatted(index);
    }

    static String tails(String keyPrefix) {
        return keyPrefix + "tail-";
    }

    static String tail(String keyPrefix, long end) {
        return tails(keyPrefix) + "%012d".formatted(end);
    }

    static boolean isChunk(String keyPrefix, String key) {
        return key.startsWith(keyPrefix)
                && CHUNK.matcher(key.substring(keyPrefix.length())).matches();
    }
}
