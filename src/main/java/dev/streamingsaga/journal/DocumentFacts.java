package dev.streamingsaga.journal;

/**
 * Keys of the map that every {@code direct:<name>-store-*} route gets as its body: the write, {@code -compensate},
 * {@code -count} and {@code -complete}. Every key except {@link #RUN} is always there. The keys stay as they are;
 * others may be added.
 */
public final class DocumentFacts {
    /** String, 32 hex digits: the same for the same content from the same source. */
    public static final String DOCUMENT_ID = "documentId";

    /** String: what a store files its data under, and compensates by. */
    public static final String SAGA_ID = "sagaId";

    /** String: absolute path of the original, to be read only. */
    public static final String PATH = "path";

    /** String, for people only: as its sender named it, so never part of a path, key or statement. */
    public static final String FILE_NAME = "fileName";

    /** String: MIME type by the file's bytes, {@code application/octet-stream} if unknown. */
    public static final String CONTENT_TYPE = "contentType";

    /** Long, bytes. */
    public static final String SIZE_BYTES = "sizeBytes";

    /** String, 64 lower-case hex digits: of the whole file. */
    public static final String SHA256 = "sha256";

    /** Long. */
    public static final String CHUNK_COUNT = "chunkCount";

    /** Long, bytes of every chunk but the last. */
    public static final String CHUNK_SIZE_BYTES = "chunkSizeBytes";

    /** String: name of the bucket that has the chunks. */
    public static final String BUCKET = "bucket";

    /** String, with a slash at its end: the chunks are {@code <keyPrefix>chunk-000000} and so on. */
    public static final String KEY_PREFIX = "keyPrefix";

    /** String, {@code saga.security.owner}. */
    public static final String OWNER = "owner";

    /** String, {@code saga.security.classification}. */
    public static final String CLASSIFICATION = "classification";

    /** String, {@code saga.security.key-id}. */
    public static final String KEY_ID = "keyId";

    /** String, ISO-8601 in UTC: when the saga was journaled. */
    public static final String RECEIVED_AT = "receivedAt";

    /** Long, from 1: which attempt at the saga this is. Only a write and {@code -compensate} have it. */
    public static final String RUN = "run";

    private DocumentFacts() {}
}
