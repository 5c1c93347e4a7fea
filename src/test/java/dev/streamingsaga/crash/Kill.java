package dev.streamingsaga.crash;

/**
 * One run of the matrix.
 *
 * @param number of the point in its phase's record, from 0
 * @param again the side effect, counted from the restart's first, at which the restarted process is killed too; 0: it is not
 */
record Kill(Phase phase, int number, Point point, boolean before, boolean sigkill, int again) {

    String when() {
        return before ? "before" : "after";
    }

    String how() {
        return sigkill ? "sigkill" : "halt";
    }

    /** What {@code -Dcrash.replay} takes. */
    String seed() {
        return phase + ":" + number + ":" + when() + ":" + how() + (again == 0 ? "" : ":" + again);
    }
}
