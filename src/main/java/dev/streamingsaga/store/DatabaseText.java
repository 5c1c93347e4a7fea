package dev.streamingsaga.store;

/** Text from documents as databases take it. */
final class DatabaseText {
    private DatabaseText() {}

    /** Without NUL, which PostgreSQL refuses and SQLite takes for the end: PDF titles do contain it. */
    static String of(String text) {
        return text.indexOf('\0') < 0 ? text : text.replace('\0', ' ');
    }
}
