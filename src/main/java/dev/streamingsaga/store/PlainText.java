package dev.streamingsaga.store;

/** Text from documents as databases take it. */
final class PlainText {
    private PlainText() {}

    /** Without NUL, which PostgreSQL refuses and SQLite takes for the end: PDF titles do contain it. */
    static String of(String text) {
        return text.indexOf('\0') < 0 ? text : text.replace('\0', ' ');
    }
}
