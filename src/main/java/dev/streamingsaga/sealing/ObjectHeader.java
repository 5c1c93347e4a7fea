package dev.streamingsaga.sealing;

import dev.streamingsaga.encryption.StreamCipher;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The clear bytes before the ciphertext of an object, which are its associated data. Says what the object is, so that
 * one in a wrong place is recognized by name; the authentication proves it.
 *
 * @param keyCheck see {@link StreamCipher#keyCheck}
 */
record ObjectHeader(ObjectIdentity identity, int codec, int segmentLog2, byte[] keyCheck) {
    static final int VERSION = 1;
    static final int MIN_SEGMENT_LOG2 = 8;
    static final int MAX_SEGMENT_LOG2 = 20;

    private static final byte[] MAGIC = "SAGA".getBytes(StandardCharsets.US_ASCII);
    private static final int FIXED_BYTES = 32;
    private static final int MAX_ID_BYTES = 1024;

    byte[] bytes() {
        byte[] sagaId = identity.sagaId().getBytes(StandardCharsets.UTF_8);
        byte[] documentId = identity.documentId().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(FIXED_BYTES + 4 + sagaId.length + documentId.length)
                .put(MAGIC)
                .put((byte) VERSION)
                .put((byte) identity.kind().code())
                .put((byte) codec)
                .put((byte) segmentLog2)
                .putInt(identity.index())
                .putInt(identity.count())
                .putLong(identity.plainBytes())
                .put(keyCheck)
                .putShort((short) sagaId.length)
                .put(sagaId)
                .putShort((short) documentId.length)
                .put(documentId)
                .array();
    }

    /** @throws DamagedObjectException if there is no header, or one of another version */
    static ObjectHeader read(InputStream in) throws IOException {
        byte[] start = in.readNBytes(FIXED_BYTES);
        if (start.length < MAGIC.length || !Arrays.equals(MAGIC, Arrays.copyOf(start, MAGIC.length))) {
            throw new DamagedObjectException("is not encrypted, or its first bytes were changed");
        }
        ByteBuffer fixed = ByteBuffer.wrap(start).position(MAGIC.length);
        try {
            int version = fixed.get();
            if (version != VERSION) {
                throw new DamagedObjectException(
                        "has format version " + version + "; this release reads version " + VERSION);
            }
            int kind = fixed.get();
            int codec = fixed.get();
            int segmentLog2 = fixed.get();
            int index = fixed.getInt();
            int count = fixed.getInt();
            long plainBytes = fixed.getLong();
            byte[] keyCheck = new byte[StreamCipher.KEY_CHECK_BYTES];
            fixed.get(keyCheck);
            String sagaId = id(in);
            String documentId = id(in);
            return new ObjectHeader(
                    new ObjectIdentity(kind(kind), documentId, sagaId, index, count, plainBytes),
                    codec,
                    segmentLog2,
                    keyCheck);
        } catch (BufferUnderflowException e) {
            throw new DamagedObjectException("ends within its header", e);
        }
    }

    private static String id(InputStream in) throws IOException {
        int length = ByteBuffer.wrap(in.readNBytes(2)).getShort();
        if (length < 0 || length > MAX_ID_BYTES) {
            throw new DamagedObjectException("has a damaged header");
        }
        byte[] id = in.readNBytes(length);
        if (id.length != length) {
            throw new DamagedObjectException("ends within its header");
        }
        return new String(id, StandardCharsets.UTF_8);
    }

    private static ObjectIdentity.Kind kind(int code) {
        for (ObjectIdentity.Kind kind : ObjectIdentity.Kind.values()) {
            if (kind.code() == code) {
                return kind;
            }
        }
        throw new DamagedObjectException("has a damaged header: there is no kind of object " + code);
    }

    /**
     * @param expected a count of 0 stands for any: where it is not known, the authenticated header says it
     * @throws DamagedObjectException naming what differs
     */
    void require(ObjectIdentity expected, Codec expectedCodec) {
        ObjectIdentity found = identity;
        if (!found.sagaId().equals(expected.sagaId()) || !found.documentId().equals(expected.documentId())) {
            throw new DamagedObjectException("belongs to saga " + found.sagaId() + " of document " + found.documentId()
                    + ": it was taken from another document or version");
        }
        if (found.kind() != expected.kind()) {
            throw new DamagedObjectException("is a " + found.kind() + " instead of a " + expected.kind());
        }
        if (found.index() != expected.index()) {
            throw new DamagedObjectException("holds chunk " + found.index() + " instead of chunk " + expected.index()
                    + ": chunks were swapped or repeated");
        }
        if (found.count() != 0 && expected.count() != 0 && found.count() != expected.count()) {
            throw new DamagedObjectException(
                    "belongs to a document of " + found.count() + " chunks instead of " + expected.count());
        }
        if (found.plainBytes() != expected.plainBytes()) {
            throw new DamagedObjectException(
                    "has " + found.plainBytes() + " bytes before encryption instead of " + expected.plainBytes());
        }
        if (codec != expectedCodec.code()) {
            throw new DamagedObjectException("has codec " + codec + " instead of " + expectedCodec.code());
        }
        if (segmentLog2 < MIN_SEGMENT_LOG2 || segmentLog2 > MAX_SEGMENT_LOG2) {
            throw new DamagedObjectException("has a damaged header: segments of 2^" + segmentLog2 + " bytes");
        }
    }

    /** @throws DamagedObjectException if it was encrypted with another key */
    void requireKey(byte[] expectedKeyCheck) {
        if (!Arrays.equals(keyCheck, expectedKeyCheck)) {
            throw new DamagedObjectException("was encrypted with another data key than that of its saga");
        }
    }
}
