package dev.streamingsaga.crash;

/**
 * One kill of the matrix.
 *
 * @param again number of the side effect, counted from the restart, at which the restarted process is killed too; 0: no
 *     second kill
 */
record Kill(Phase phase, Point point, boolean before, boolean sigkill, int again) {

    String when() {
        return before ? "before" : "after";
    }

    String how() {
        return sigkill ? "sigkill" : "halt";
    }

    /** The value for {@code -Dcrash.replay}; stays valid if a later recording has more or fewer points. */
    String seed() {
        return phase + ":" + point.id() + ":" + when() + ":" + how() + (again == 0 ? "" : ":" + again);
    }
}
