package dev.streamingsaga.access;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How confidential a document is, the least confidential first. */
@PublicApi
public enum Classification {
    PUBLIC,
    INTERNAL,
    CONFIDENTIAL,
    RESTRICTED;

    /** As settings, the journal and the stores have it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Classification> of(String word) {
        return Arrays.stream(values())
                .filter(level -> level.word().equals(word))
                .findFirst();
    }

    /** All words, the least confidential first. */
    public static List<String> words() {
        return Arrays.stream(values()).map(Classification::word).toList();
    }

    /** This one and all that are less confidential, as words. */
    public List<String> upTo() {
        return words().subList(0, ordinal() + 1);
    }
}
