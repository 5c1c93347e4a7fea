package dev.streamingsaga.sealing;

import dev.streamingsaga.journal.StoredForm;
import java.util.Locale;
import java.util.Optional;

/** How an object is compressed. */
enum Codec {
    NONE(0),
    ZSTD(1);

    private final int code;

    Codec(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /** As the journal and the manifest name it. */
    String word() {
        return this == NONE ? StoredForm.NONE : name().toLowerCase(Locale.ROOT);
    }

    static Optional<Codec> of(String word) {
        for (Codec codec : values()) {
            if (codec.word().equals(word)) {
                return Optional.of(codec);
            }
        }
        return Optional.empty();
    }
}
