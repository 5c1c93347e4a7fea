package dev.streamingsaga.crash;

/**
 * A side effect as a place to be killed at. Ids of a saga are not part of it, so that it is the same point in the next
 * run.
 *
 * @param occurrence counts side effects of the same name, from 1
 */
record Point(String kind, String what, int occurrence) {
    private static final String SEPARATOR = "\t";

    /** The same for every saga: names of 16 characters and more in a path are ids. */
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
