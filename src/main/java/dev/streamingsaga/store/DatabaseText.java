package dev.streamingsaga.store;

/** Text of documents in a form that databases accept. */
final class DatabaseText {
    private DatabaseText() {}

    /** Replaces NUL by a space: PostgreSQL rejects it, SQLite ends the text there, and PDF titles contain it. */
    static String of(String text) {
        return text.indexOf('\0') < 0 ? text : text.replace('\0', ' ');
    }
}
