package dev.streamingsaga.journal;

/** Open clean-up entries of one saga. */
public record OpenCleanups(int pending, int blocked) {
    public static final OpenCleanups NONE = new OpenCleanups(0, 0);

    public int all() {
        return pending + blocked;
    }
}
