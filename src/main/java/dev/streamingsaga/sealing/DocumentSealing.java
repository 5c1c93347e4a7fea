package dev.streamingsaga.sealing;

import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.StreamCipher;
import dev.streamingsaga.journal.StoredForm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** Transforms the objects of one saga: to their stored form, and back. Thread-safe. */
public final class DocumentSealing {
    /** 8 KiB: AES-GCM is fast from the first chunk on, and tags add 0.2 %. */
    private static final int SEGMENT_LOG2 = 13;

    private final Sealing sealing;
    private final SagaKey key;
    private final int chunkCount;

    DocumentSealing(Sealing sealing, SagaKey key, int chunkCount) {
        this.sealing = sealing;
        this.key = key;
        this.chunkCount = chunkCount;
    }

    public Sealing settings() {
        return sealing;
    }

    /** The wrapped data key, for the manifest. */
    public DataKey.Wrapped wrappedKey() {
        return key.wrapped();
    }

    public ObjectIdentity chunk(int index, long plainBytes) {
        return identity(ObjectIdentity.Kind.CHUNK, index, chunkCount, plainBytes);
    }

    /** @param index of the chunk that the tail belongs to */
    public ObjectIdentity tail(int index, long plainBytes) {
        return identity(ObjectIdentity.Kind.TAIL, index, 0, plainBytes);
    }

    private ObjectIdentity identity(ObjectIdentity.Kind kind, int index, int count, long plainBytes) {
        return new ObjectIdentity(kind, key.documentId(), key.sagaId(), index, count, plainBytes);
    }

    /**
     * Writes the stored form of a chunk or tail: compressed first if asked for, then encrypted if the settings say so.
     *
     * @param out closed
     * @throws IOException if {@code plain} or {@code out} fails
     */
    public StoredForm seal(ObjectIdentity identity, boolean compress, InputStream plain, OutputStream out)
            throws IOException {
        Codec codec = compress ? Codec.ZSTD : Codec.NONE;
        StoredDigest stored = new StoredDigest(out);
        OutputStream encrypted = sealing.encrypts() ? encrypting(identity, codec, stored) : stored;
        try (OutputStream target = compress ? Zstd.compressing(encrypted, sealing.level()) : encrypted) {
            plain.transferTo(target);
        }
        String encryption = sealing.encrypts() ? Sealing.ENCRYPTION : StoredForm.NONE;
        return new StoredForm(codec.word(), encryption, stored.size(), stored.sha256());
    }

    private OutputStream encrypting(ObjectIdentity identity, Codec codec, OutputStream out) throws IOException {
        StreamCipher cipher = new StreamCipher(key.toWrite(), 1 << SEGMENT_LOG2);
        byte[] header = new ObjectHeader(identity, codec.code(), SEGMENT_LOG2, cipher.keyCheck()).bytes();
        out.write(header);
        return cipher.encrypting(out, header);
    }

    /**
     * The plain bytes of an object, at most as many as it has. Compare their number and SHA-256 at the end. Reading
     * throws a {@link DamagedObjectException} if the object is not what it should be.
     *
     * @param stored closed with the returned stream
     * @throws DamagedObjectException if the header is not that of the object
     */
    public InputStream open(ObjectIdentity identity, String codec, String encryption, InputStream stored)
            throws IOException {
        Codec compressed =
                Codec.of(codec).orElseThrow(() -> new DamagedObjectException("has the unknown codec " + codec));
        boolean encrypted = isEncrypted(encryption);
        if (compressed == Codec.NONE && !encrypted) {
            return stored;
        }
        WatchedStream watched = new WatchedStream(stored);
        InputStream decrypted = encrypted ? decrypting(identity, compressed, watched) : watched;
        return new PlainStream(
                watched, compressed == Codec.ZSTD ? Zstd.decompressing(decrypted) : decrypted, identity.plainBytes());
    }

    private static boolean isEncrypted(String encryption) {
        if (encryption.equals(StoredForm.NONE)) {
            return false;
        }
        if (encryption.equals(Sealing.ENCRYPTION)) {
            return true;
        }
        throw new DamagedObjectException("has the unknown encryption " + encryption);
    }

    private InputStream decrypting(ObjectIdentity identity, Codec codec, InputStream stored) throws IOException {
        ObjectHeader header = ObjectHeader.read(stored);
        header.require(identity, codec);
        StreamCipher cipher = new StreamCipher(key.toRead(), 1 << header.segmentLog2());
        header.requireKey(cipher.keyCheck());
        return cipher.decrypting(stored, header.bytes());
    }

    /** Encrypts the manifest. */
    public byte[] sealManifest(byte[] json) {
        ByteArrayOutputStream sealed = new ByteArrayOutputStream();
        ObjectIdentity identity = identity(ObjectIdentity.Kind.MANIFEST, 0, 0, json.length);
        try (OutputStream target = encrypting(identity, Codec.NONE, sealed)) {
            target.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory are always readable", e);
        }
        return sealed.toByteArray();
    }

    /** @throws DamagedObjectException if it is not the manifest of this saga */
    public byte[] openManifest(byte[] sealed) {
        try {
            long plainBytes = ObjectHeader.read(new ByteArrayInputStream(sealed))
                    .identity()
                    .plainBytes();
            ObjectIdentity expected = identity(ObjectIdentity.Kind.MANIFEST, 0, 0, plainBytes);
            try (InputStream plain =
                    open(expected, StoredForm.NONE, Sealing.ENCRYPTION, new ByteArrayInputStream(sealed))) {
                return plain.readAllBytes();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory are always readable", e);
        }
    }
}
