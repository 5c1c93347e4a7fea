package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The facts about a document that stores may write. The step {@code start} sets them.
 *
 * @param fileName for display only: never part of a key, path, header or URL
 * @param contentType detected from the file's content
 * @param sha256 of the whole file before the upload, lower-case hex
 * @param keyPrefix prefix of its chunks' keys: {@code <prefix>/<documentId>/<sagaId>/}
 */
@PublicApi
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

    /** Whether the document came from a file. The bytes of any other went straight to the bucket. */
    public boolean hasFile() {
        return !path.toString().isEmpty();
    }

    /** The same document after its file was touched without a change of content. */
    public Document withIdentity(SourceIdentity current) {
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
                current);
    }

    /** The same document with another path to its original. */
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
     * The message body of {@code direct:<name>-store-*}. A store's route, also one in YAML, can use it as
     * {@code :#documentId} in a {@code sql:} endpoint or as {@code ${body[documentId]}}. {@link DocumentFacts} explains
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
