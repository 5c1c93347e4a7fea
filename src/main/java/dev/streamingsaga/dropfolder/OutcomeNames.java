package dev.streamingsaga.dropfolder;

import java.nio.charset.StandardCharsets;

/** Candidate names for a file whose saga has ended, the preferred one first. None exceeds 255 bytes. */
final class OutcomeNames {
    private static final int MAX_BYTES = 255;
    private static final String JSON = ".json";

    private final String name;
    private final String sagaId;

    OutcomeNames(String name, String sagaId) {
        this.name = name;
        this.sagaId = sagaId;
    }

    static String json(String name) {
        return name + JSON;
    }

    /**
     * @param attempt 0: the original name, if {@code .json} still fits; 1: with the saga's id; from 2 on: also with a
     *     number
     */
    String candidate(int attempt) {
        if (attempt == 0 && bytes(name) + JSON.length() <= MAX_BYTES) {
            return name;
        }
        String qualifier = "-" + sagaId + (attempt <= 1 ? "" : "-" + attempt);
        int dot = name.lastIndexOf('.');
        String suffix = dot > 0 && bytes(name.substring(dot)) <= 20 ? name.substring(dot) : "";
        String stem = name.substring(0, name.length() - suffix.length());
        return cut(stem, MAX_BYTES - JSON.length() - qualifier.length() - bytes(suffix)) + qualifier + suffix;
    }

    private static String cut(String text, int bytes) {
        String cut = text;
        while (bytes(cut) > bytes) {
            cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
        }
        return cut;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
