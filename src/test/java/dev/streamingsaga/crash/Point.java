package dev.streamingsaga.crash;

/**
 * A side effect at which to kill the process. Contains no saga ids, so that it is the same point in the next run.
 *
 * @param occurrence number among side effects of the same name, from 1
 */
record Point(String kind, String what, int occurrence) {
    private static final String SEPARATOR = "\t";

    /** Replaces ids, so that the text is the same for every saga: path elements of 16 or more characters are ids. */
    static String withoutIds(String what) {
        return what.replaceAll("(?<=/)[^/ ]{16,}(?=/|$)", "*").replaceAll("(\\*/)+", "*/");
    }

    String text() {
        return kind + SEPARATOR + what + SEPARATOR + occurrence;
    }

    /** Short, for a command line. */
    String id() {
        return Integer.toHexString(text().hashCode());
    }

    static Point parse(String line) {
        String[] parts = line.split(SEPARATOR);
        return new Point(parts[0], parts[1], Integer.parseInt(parts[2]));
    }

    @Override
    public String toString() {
        return kind + ": " + what + " (" + occurrence + ".)";
    }
}
