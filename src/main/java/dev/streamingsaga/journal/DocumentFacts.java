package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/**
 * Keys of the map that every {@code direct:<name>-store-*} route gets as its body: the write, {@code -compensate},
 * {@code -count} and {@code -complete}. Every key except {@link #RUN} and {@link #KEYS} is always present. Keys keep
 * their names and meaning; new ones may be added.
 */
@PublicApi
public final class DocumentFacts {
    /** String, 32 hex digits: the same for the same content from the same source. */
    public static final String DOCUMENT_ID = "documentId";

    /** String: the key under which a store writes its data and removes it again. */
    public static final String SAGA_ID = "sagaId";

    /** String: absolute path of the original; never write to it. */
    public static final String PATH = "path";

    /** String, for display only: chosen by the sender, so never part of a path, key or statement. */
    public static final String FILE_NAME = "fileName";

    /** String: MIME type, detected from the file's content, {@code application/octet-stream} if unknown. */
    public static final String CONTENT_TYPE = "contentType";

    /** Long, bytes. */
    public static final String SIZE_BYTES = "sizeBytes";

    /** String, 64 lower-case hex digits: hash of the whole file. */
    public static final String SHA256 = "sha256";

    /** Long. */
    public static final String CHUNK_COUNT = "chunkCount";

    /** Long, bytes of every chunk but the last. */
    public static final String CHUNK_SIZE_BYTES = "chunkSizeBytes";

    /** String: name of the bucket that holds the chunks. */
    public static final String BUCKET = "bucket";

    /** String, with a trailing slash: the chunks are {@code <keyPrefix>chunk-000000} and so on. */
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

    /** Collection of Strings: keys in the bucket that the journal knows. Only the compensation of the bucket has it. */
    public static final String KEYS = "keys";

    private DocumentFacts() {}
}
