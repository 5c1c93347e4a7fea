package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The facts about a document that stores may write; fixed by the step {@code start}.
 *
 * @param fileName for people only: never part of a key, path, header or URL
 * @param contentType by magic bytes
 * @param sha256 of the whole file before the upload, lower-case hex
 * @param keyPrefix where its chunks lie: {@code <prefix>/<documentId>/<sagaId>/}
 */
public record Document(
        String documentId,
        String sagaId,
        Path path,
        String fileName,
        String contentType,
        long sizeBytes,
        String sha256,
        int chunkCount,
        long chunkSizeBytes,
        String bucket,
        String keyPrefix,
        String owner,
        String classification,
        String keyId,
        Instant receivedAt,
        SourceIdentity identity) {

    /** The same document, whose file somebody touched without changing its content. */
    public Document withIdentity(SourceIdentity now) {
        return new Document(
                documentId,
                sagaId,
                path,
                fileName,
                contentType,
                sizeBytes,
                sha256,
                chunkCount,
                chunkSizeBytes,
                bucket,
                keyPrefix,
                owner,
                classification,
                keyId,
                receivedAt,
                now);
    }

    /** The same document, whose text is read from a copy of the file. */
    public Document withPath(Path copy) {
        return new Document(
                documentId,
                sagaId,
                copy,
                fileName,
                contentType,
                sizeBytes,
                sha256,
                chunkCount,
                chunkSizeBytes,
                bucket,
                keyPrefix,
                owner,
                classification,
                keyId,
                receivedAt,
                identity);
    }

    /**
     * The message body of {@code direct:<name>-store-*}: what a store's route, YAML ones included, can use as
     * {@code :#documentId} in a {@code sql:} endpoint or {@code ${body[documentId]}}. {@link DocumentFacts} explains
     * each key.
     */
    public Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put(DocumentFacts.DOCUMENT_ID, documentId);
        facts.put(DocumentFacts.SAGA_ID, sagaId);
        facts.put(DocumentFacts.PATH, path.toString());
        facts.put(DocumentFacts.FILE_NAME, fileName);
        facts.put(DocumentFacts.CONTENT_TYPE, contentType);
        facts.put(DocumentFacts.SIZE_BYTES, sizeBytes);
        facts.put(DocumentFacts.SHA256, sha256);
        facts.put(DocumentFacts.CHUNK_COUNT, (long) chunkCount);
        facts.put(DocumentFacts.CHUNK_SIZE_BYTES, chunkSizeBytes);
        facts.put(DocumentFacts.BUCKET, bucket);
        facts.put(DocumentFacts.KEY_PREFIX, keyPrefix);
        facts.put(DocumentFacts.OWNER, owner);
        facts.put(DocumentFacts.CLASSIFICATION, classification);
        facts.put(DocumentFacts.KEY_ID, keyId);
        facts.put(DocumentFacts.RECEIVED_AT, receivedAt.toString());
        return facts;
    }
}
