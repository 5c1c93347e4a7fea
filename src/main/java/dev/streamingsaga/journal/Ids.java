package dev.streamingsaga.journal;

import com.github.f4b6a3.ulid.Ulid;
import com.github.f4b6a3.ulid.UlidCreator;
import dev.streamingsaga.digest.Sha256;
import java.time.Instant;
import java.util.Locale;

/** Identifiers of lower-case letters and digits only, which are safe in keys, URLs and options. */
public final class Ids {
    private Ids() {}

    /** 26 characters; later ones sort after earlier ones. */
    public static String next() {
        return UlidCreator.getMonotonicUlid().toString().toLowerCase(Locale.ROOT);
    }

    /** Not after any id that is created at this time or later. */
    static String first(Instant at) {
        return Ulid.min(at.toEpochMilli()).toString().toLowerCase(Locale.ROOT);
    }

    /**
     * A document is identified by its source and its content: the same file with the same bytes has the same id. 32
     * characters.
     */
    public static String document(String source, String sha256) {
        return sha256(source + "\n" + sha256).substring(0, 32);
    }

    static String sha256(String text) {
        return Sha256.of(text);
    }
}
