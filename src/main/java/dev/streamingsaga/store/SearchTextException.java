package dev.streamingsaga.store;

import dev.streamingsaga.annotation.PublicApi;

/** A text that cannot be searched for: too long, or with a filter that cannot be used. Says what to do. */
@PublicApi
public final class SearchTextException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    SearchTextException(String message) {
        super(message);
    }
}
