package dev.streamingsaga.chunk;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.journal.Warning;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
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

    /**
     * A chunk.
     *
     * @param size of the plain bytes, as {@code sha256}
     * @param codec how the object is compressed: {@code none} or {@code zstd}
     * @param encryption how the object is encrypted; null: not at all
     * @param storedSize of the object, as {@code storedSha256}; null if the object has the plain bytes
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ManifestChunk(
            int index,
            long offset,
            long size,
            String sha256,
            String codec,
            @Nullable String encryption,
            @Nullable Long storedSize,
            @Nullable String storedSha256) {

        static ManifestChunk of(ChunkRow row) {
            Optional<StoredForm> form = row.storedForm();
            return new ManifestChunk(
                    row.index(),
                    row.offset(),
                    row.sizeBytes(),
                    row.sha256(),
                    row.codec(),
                    form.filter(StoredForm::isEncrypted)
                            .map(StoredForm::encryption)
                            .orElse(null),
                    form.map(StoredForm::sizeBytes).orElse(null),
                    form.map(StoredForm::sha256).orElse(null));
        }

        Optional<StoredForm> storedForm() {
            return storedSize == null || storedSha256 == null
                    ? Optional.empty()
                    : Optional.of(new StoredForm(
                            codec, encryption == null ? StoredForm.NONE : encryption, storedSize, storedSha256));
        }

        private boolean isValid() {
            boolean plain = encryption == null && StoredForm.NONE.equals(codec);
            return plain || storedSize != null && storedSize > 0 && storedSha256 != null && codec != null;
        }
    }

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
                rows.stream().map(ManifestChunk::of).toList(),
                warnings.stream()
                        .map(warning -> new ManifestWarning(warning.code().name(), warning.place(), warning.message()))
                        .toList());
    }

    /** The chunks as rows of the journal. */
    List<ChunkRow> rows(String keyPrefix) {
        return chunks.stream()
                .map(chunk -> new ChunkRow(
                                chunk.index,
                                chunk.offset,
                                chunk.size,
                                ChunkKeys.chunk(keyPrefix, chunk.index),
                                chunk.sha256,
                                ChunkRow.ChunkState.VERIFIED,
                                0)
                        .storedAs(chunk.storedForm()))
                .toList();
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

    /** @throws SagaException METADATA_CORRUPT if it is not a manifest or has gaps */
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
                    && chunk.isValid();
            offset += valid ? chunk.size : 0;
        }
        if (!valid || offset != sizeBytes) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    key + " has gaps, a chunk without its stored form, or sizes that do not add up; nothing was read");
        }
    }
}
