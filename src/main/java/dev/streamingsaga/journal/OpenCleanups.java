package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/** Open clean-up entries of one saga. */
@PublicApi
public record OpenCleanups(int pending, int blocked) {
    public static final OpenCleanups NONE = new OpenCleanups(0, 0);

    public int all() {
        return pending + blocked;
    }
}
