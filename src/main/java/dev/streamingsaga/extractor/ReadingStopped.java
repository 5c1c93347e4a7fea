package dev.streamingsaga.extractor;

import dev.streamingsaga.journal.WarningCode;

/**
 * Reading a document was stopped from outside, or its process ended. The text that was read before counts. Another
 * reading of the same bytes may stop earlier or later.
 */
public final class ReadingStopped extends RuntimeException {
    private final WarningCode code;
    private final String place;
    private final String message;

    /**
     * @param place as in {@link dev.streamingsaga.journal.Warning}
     * @param message a sentence without content of the document
     */
    public ReadingStopped(WarningCode code, String place, String message) {
        super(code + ": " + message, null, false, false);
        this.code = code;
        this.place = place;
        this.message = message;
    }

    WarningCode code() {
        return code;
    }

    String place() {
        return place;
    }

    String message() {
        return message;
    }
}
