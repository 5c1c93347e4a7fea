package dev.streamingsaga.store;

import dev.streamingsaga.annotation.PublicApi;

/** A search text that is too long or has an invalid filter. The message says what to do. */
@PublicApi
public final class SearchTextException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    SearchTextException(String message) {
        super(message);
    }
}
