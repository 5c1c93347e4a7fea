package dev.streamingsaga.crash;

/**
 * One run of the matrix.
 *
 * @param again the side effect, counted from the restart's first, at which the restarted process is killed too; 0: it
 *     is not
 */
record Kill(Phase phase, Point point, boolean before, boolean sigkill, int again) {

    String when() {
        return before ? "before" : "after";
    }

    String how() {
        return sigkill ? "sigkill" : "halt";
    }

    /** What {@code -Dcrash.replay} takes, also when the next record has more or fewer points. */
    String seed() {
        return phase + ":" + point.id() + ":" + when() + ":" + how() + (again == 0 ? "" : ":" + again);
    }
}
