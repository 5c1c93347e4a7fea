package dev.streamingsaga.upload;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;

/** The documents of bodies that arrive in the bucket. */
final class UploadDocuments {
    private static final String UNKNOWN_TYPE = "application/octet-stream";

    private UploadDocuments() {}

    /** @param documentId chosen before the content is known, since the keys of the chunks contain it */
    static Document arriving(SagaConfig config, SagaRecord saga, String documentId, SecurityLabel label) {
        return new Document(
                documentId,
                saga.sagaId(),
                saga.source(),
                saga.fileName(),
                UNKNOWN_TYPE,
                0,
                "",
                0,
                config.documents().chunk().sizeBytes(),
                config.servers().s3().bucket(),
                config.documents().chunk().prefix() + "/" + documentId + "/" + saga.sagaId() + "/",
                label.owner(),
                label.classification(),
                config.documents().security().keyId(),
                saga.receivedAt(),
                SourceIdentity.NONE);
    }

    static Document of(Document before, String contentType, long sizeBytes, String sha256, int chunkCount) {
        return new Document(
                before.documentId(),
                before.sagaId(),
                before.path(),
                before.fileName(),
                contentType,
                sizeBytes,
                sha256,
                chunkCount,
                before.chunkSizeBytes(),
                before.bucket(),
                before.keyPrefix(),
                before.owner(),
                before.classification(),
                before.keyId(),
                before.receivedAt(),
                before.identity());
    }
}
