package dev.streamingsaga.encryption;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Whose data key is wrapped. A key that was wrapped for one saga is not unwrapped for another. */
record KeyOwner(String sagaId, String documentId) {
    private static final String FORMAT = "streaming-saga data key 1";

    KeyOwner {
        if (sagaId.indexOf('\n') >= 0 || documentId.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("an id is one line");
        }
    }

    /** Format, saga id and document id, each as a line of UTF-8. */
    byte[] associatedData() {
        return (FORMAT + "\n" + sagaId + "\n" + documentId + "\n").getBytes(StandardCharsets.UTF_8);
    }

    Map<String, String> encryptionContext() {
        return Map.of("sagaId", sagaId, "documentId", documentId);
    }
}
