package dev.streamingsaga.chunk;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Warning;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code manifest.json}: all data that is needed to reassemble a document without the journal.
 *
 * @param fileName for information only
 * @param chunks in order, without gaps
 * @param warnings what is missing or uncertain about the document's text, for information only; manifests of earlier
 *     versions have none
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Manifest(
        String documentId,
        String sagaId,
        String fileName,
        String contentType,
        long sizeBytes,
        String sha256,
        List<ManifestChunk> chunks,
        List<ManifestWarning> warnings) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param codec the encoding of the stored bytes: {@code none} */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record ManifestChunk(int index, long offset, long size, String sha256, String codec) {}

    /** @param code name of a {@link dev.streamingsaga.journal.WarningCode}, perhaps of a newer version */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record ManifestWarning(String code, String place, String message) {}

    @SuppressWarnings("NullAway") // Jackson passes null for a field that is absent
    public Manifest {
        warnings = warnings == null ? List.of() : List.copyOf(warnings);
    }

    static Manifest of(Document document, List<ChunkRow> rows, List<Warning> warnings) {
        return new Manifest(
                document.documentId(),
                document.sagaId(),
                document.fileName(),
                document.contentType(),
                document.sizeBytes(),
                document.sha256(),
                rows.stream()
                        .map(row -> new ManifestChunk(row.index(), row.offset(), row.sizeBytes(), row.sha256(), "none"))
                        .toList(),
                warnings.stream()
                        .map(warning -> new ManifestWarning(warning.code().name(), warning.place(), warning.message()))
                        .toList());
    }

    /** Whether both describe the same document; warnings are not compared. */
    boolean describesSame(Manifest other) {
        return withoutWarnings().equals(other.withoutWarnings());
    }

    private Manifest withoutWarnings() {
        return new Manifest(documentId, sagaId, fileName, contentType, sizeBytes, sha256, chunks, List.of());
    }

    byte[] json() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a manifest is always writable as JSON", e);
        }
    }

    /** @throws SagaException METADATA_CORRUPT if it is not a manifest, has gaps, or an unknown codec */
    static Manifest parse(byte[] json, String key) {
        try {
            @Nullable Manifest manifest = JSON.readValue(json, Manifest.class);
            if (manifest == null) { // JSON's null
                throw new SagaException(Reason.METADATA_CORRUPT, key + " is empty; nothing was read");
            }
            manifest.check(key);
            return manifest;
        } catch (IOException e) {
            throw new SagaException(Reason.METADATA_CORRUPT, key + " is not a manifest; nothing was read", e);
        }
    }

    private void check(String key) {
        long offset = 0;
        boolean valid = chunks != null && sha256 != null;
        for (int i = 0; valid && i < chunks.size(); i++) {
            ManifestChunk chunk = chunks.get(i);
            valid = chunk != null
                    && chunk.index == i
                    && chunk.offset == offset
                    && chunk.size > 0
                    && chunk.sha256 != null
                    && "none".equals(chunk.codec);
            offset += valid ? chunk.size : 0;
        }
        if (!valid || offset != sizeBytes) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    key + " has gaps, an unknown codec, or sizes that do not add up; nothing was read");
        }
    }
}
