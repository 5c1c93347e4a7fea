package dev.streamingsaga.sealing;

/**
 * What an object is. An encrypted object is bound to it: put in the place of any other, it is refused.
 *
 * @param index of the chunk, from 0; 0 for a manifest
 * @param count chunks of the document; 0 if it is not known yet, because the body is still arriving
 * @param plainBytes size before compression and encryption
 */
public record ObjectIdentity(Kind kind, String documentId, String sagaId, int index, int count, long plainBytes) {

    public enum Kind {
        CHUNK(1),
        MANIFEST(2),
        /** The bytes behind the last whole chunk of a body that is arriving. */
        TAIL(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }
}
