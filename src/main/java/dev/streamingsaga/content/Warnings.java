package dev.streamingsaga.content;

import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.text.TextCleaner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects the warnings of one document: the first message of each code and place, and at most {@value #LIMIT} in
 * total, since a damaged document may cause one for each page. Thread-safe.
 */
final class Warnings {
    static final int LIMIT = 50;

    private static final int PLACE_CHARS = 300;
    private static final int MESSAGE_CHARS = 500;

    private final Map<List<Object>, Warning> found = new LinkedHashMap<>();

    /** @param place untrusted: names of attachments stand in it */
    synchronized void add(WarningCode code, String place, String message) {
        String cleanPlace = TextCleaner.line(place, PLACE_CHARS);
        if (found.size() < LIMIT) {
            found.putIfAbsent(
                    List.of(code, cleanPlace), new Warning(code, cleanPlace, TextCleaner.line(message, MESSAGE_CHARS)));
        }
    }

    synchronized List<Warning> all() {
        return List.copyOf(found.values());
    }
}
