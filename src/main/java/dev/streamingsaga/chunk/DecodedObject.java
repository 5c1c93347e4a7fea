package dev.streamingsaga.chunk;

import dev.streamingsaga.sealing.DamagedObjectException;
import java.io.IOException;
import java.io.InputStream;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** The answer to a request for an object, decrypted and decompressed while it is read. Either close or abort it. */
final class DecodedObject {
    private final ResponseInputStream<GetObjectResponse> stored;
    private final InputStream bytes;

    private DecodedObject(ResponseInputStream<GetObjectResponse> stored, InputStream bytes) {
        this.stored = stored;
        this.bytes = bytes;
    }

    /**
     * Aborts the answer if it fails.
     *
     * @throws DamagedObjectException if the object is recognizably another one, or has another size
     */
    static DecodedObject of(OrderedRead.Expected expected, ResponseInputStream<GetObjectResponse> stored)
            throws IOException {
        boolean complete = false;
        try {
            DecodedObject decoded =
                    new DecodedObject(stored, expected.decoding().decode(stored));
            decoded.requireSize(expected);
            complete = true;
            return decoded;
        } finally {
            if (!complete) {
                stored.abort();
            }
        }
    }

    private void requireSize(OrderedRead.Expected expected) {
        Long found = stored.response().contentLength();
        if (bytes != stored && found != null && found != expected.storedBytes()) {
            abort();
            throw new DamagedObjectException("has " + found + " bytes instead of " + expected.storedBytes()
                    + ": it was cut, or something was added");
        }
    }

    /** Reading throws a {@link DamagedObjectException} if the object was changed. */
    InputStream bytes() {
        return bytes;
    }

    void close() throws IOException {
        bytes.close();
    }

    /** Drops the rest of the answer without reading it. */
    void abort() {
        stored.abort();
        try {
            bytes.close();
        } catch (IOException e) {
            // The connection is closed already; this was for the decoder.
        }
    }
}
