package dev.streamingsaga.api;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a caller may do. */
enum Scope {
    /** Send documents and read their outcomes. */
    INGEST,
    /** Read sagas, documents and their content. */
    READ,
    /** Cancel, pause and resume sagas; retry and resolve clean-ups. */
    OPERATE;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Scope> of(String word) {
        return Arrays.stream(values())
                .filter(scope -> scope.word().equals(word))
                .findFirst();
    }
}
