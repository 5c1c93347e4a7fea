package dev.streamingsaga.recovery;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.saga.StoreCallException;
import dev.streamingsaga.saga.StoreClient;
import dev.streamingsaga.saga.StoreClient.StoreContents;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Compares a completed document in the stores after the verify gate with the journal. Queries each store through its
 * {@code -inspect} route. A custom store without that route is only checked for any data, through {@code -count}.
 */
final class StoreComparison {
    private final StorageAccess storage;
    private final StoreClient stores;
    private final SagaRecord saga;
    private final Document document;
    private final List<Drift> drifts = new ArrayList<>();

    StoreComparison(StorageAccess storage, StoreClient stores, SagaRecord saga) {
        this.storage = storage;
        this.stores = stores;
        this.saga = saga;
        this.document = saga.document().orElseThrow();
    }

    List<Drift> run(TextSource text) {
        Map<String, Map<?, ?>> found = new LinkedHashMap<>();
        for (String store : saga.participants()) {
            try {
                inspect(store).ifPresent(row -> found.put(store, row));
            } catch (StoreCallException e) {
                drift(store, Drift.DriftKind.UNREACHABLE, store, "a response", String.valueOf(e.getMessage()));
            }
        }
        Optional<DocumentShape> shape = shape(found, text);
        found.forEach((store, row) -> compare(store, row, shape));
        return drifts;
    }

    private Optional<Map<?, ?>> inspect(String store) throws StoreCallException {
        if (stores.exists(store, RouteNames.INSPECT)) {
            return Optional.of(
                    stores.inspect(store, RouteNames.INSPECT, document.facts()) instanceof Map<?, ?> map
                            ? map
                            : Map.of());
        }
        if (!stores.exists(store, "")) {
            drift(
                    store,
                    Drift.DriftKind.UNREACHABLE,
                    store,
                    "a response",
                    "no route: it is no longer a participant, or its routes are not loaded");
        } else if (stores.contents(store, document.facts())
                .map(StoreContents::count)
                .filter(count -> count == 0)
                .isPresent()) {
            drift(store, Drift.DriftKind.MISSING, "document", "something", "nothing");
        }
        return Optional.empty();
    }

    /**
     * As the journal has it. Earlier versions did not journal it: then as the stores agree, and if they disagree, as a
     * new reading of the text gives it.
     */
    private Optional<DocumentShape> shape(Map<String, Map<?, ?>> found, TextSource text) {
        Optional<TextOutcome> journaled = storage.journal().texts().find(saga.sagaId());
        if (journaled.isPresent()) {
            return journaled.map(DocumentShape::of);
        }
        List<DocumentShape> reports = DocumentShape.reports(found);
        Optional<DocumentShape> agreed = DocumentShape.agreed(reports);
        if (agreed.isPresent() || reports.isEmpty()) {
            return agreed;
        }
        try {
            Outline outline = storage.content().outline(text.bytes(), document.contentType());
            return Optional.of(DocumentShape.of(outline.outcome()));
        } catch (SagaException e) {
            return Optional.of(reports.get(0));
        }
    }

    private void compare(String store, Map<?, ?> row, Optional<DocumentShape> shape) {
        if (!row.containsKey("document_id")) {
            drift(
                    store,
                    Drift.DriftKind.MISSING,
                    "document",
                    "document " + document.documentId(),
                    "nothing of saga " + saga.sagaId());
        } else {
            columns(store, row);
            shape.ifPresent(expected -> counts(store, row, expected));
            if (DocumentShape.number(row.get("visible")) != 1) {
                drift(store, Drift.DriftKind.NOT_VISIBLE, "visible", "visible", "not visible");
            }
        }
        others(store, row);
    }

    private void columns(String store, Map<?, ?> row) {
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("document_id", document.documentId());
        if (store.equals(StoreNames.SECURITY) || store.equals(StoreNames.RELATIONAL)) {
            expected.put("sha256", document.sha256());
            expected.put("owner", document.owner());
        }
        if (store.equals(StoreNames.SECURITY)) {
            expected.put("classification", document.classification());
            expected.put("key_id", document.keyId());
        } else if (store.equals(StoreNames.RELATIONAL)) {
            expected.put("file_name", document.fileName());
            expected.put("content_type", document.contentType());
            expected.put("size_bytes", document.sizeBytes());
            expected.put("chunk_count", document.chunkCount());
            expected.put("chunk_size_bytes", document.chunkSizeBytes());
            expected.put("bucket", document.bucket());
            expected.put("key_prefix", document.keyPrefix());
        }
        // Compared as text: databases return numbers as Integer or as Long.
        expected.forEach((column, value) ->
                same(store, column, Objects.toString(value), Objects.toString(row.get(column), "nothing")));
    }

    private void counts(String store, Map<?, ?> row, DocumentShape shape) {
        switch (store) {
            case StoreNames.VECTOR -> {
                same(store, "pages", Long.toString(shape.pages()), text(row, "pages"));
                same(store, "segment count", Long.toString(shape.segments()), text(row, "segments"));
                number(store, "segments", shape.segments(), DocumentShape.number(row.get("stored")));
                if (DocumentShape.number(row.get("stored")) >= shape.segments()) {
                    same(
                            store,
                            "ordinals",
                            "0 to " + shape.segments() + " without a gap",
                            "0 to " + text(row, "next_ordinal")
                                    + (text(row, "next_ordinal").equals(text(row, "stored"))
                                            ? " without a gap"
                                            : " with gaps"));
                }
                same(store, "segments of another document, model or dimension", "0", text(row, "odd"));
            }
            case StoreNames.GRAPH -> {
                number(store, "document nodes", 1, DocumentShape.number(row.get("documents")));
                long pageNodes = shape.pageNodes(DocumentShape.number(row.get("pages")));
                number(store, "page nodes", pageNodes, DocumentShape.number(row.get("pages")));
                number(store, "segment nodes", shape.segments(), DocumentShape.number(row.get("segments")));
                number(store, "edges", shape.edges(pageNodes), DocumentShape.number(row.get("edges")));
                same(store, "nodes of another document", "0", text(row, "odd"));
            }
            case StoreNames.RELATIONAL -> {
                same(store, "pages", Long.toString(shape.pages()), text(row, "pages"));
                same(store, "segments", Long.toString(shape.segments()), text(row, "segments"));
            }
            default -> {
                // The security record has no page counts, and the rows of a custom store are unknown.
            }
        }
    }

    /** Reports rows of the document that no saga owns. Rows of another version belong to that version. */
    private void others(String store, Map<?, ?> row) {
        Ownership ownership = new Ownership(storage.journal());
        for (Object other : row.get("others") instanceof List<?> list ? list : List.of()) {
            ownership
                    .orphaned(store, other.toString())
                    .ifPresent(orphanReason -> drift(
                            store,
                            Drift.DriftKind.EXTRA,
                            store + ":" + other,
                            "no rows of other sagas",
                            "rows of saga " + other + ": " + orphanReason));
        }
    }

    private static String text(Map<?, ?> row, String column) {
        return Long.toString(DocumentShape.number(row.get(column)));
    }

    private void same(String store, String resource, String expected, String found) {
        if (!expected.equals(found)) {
            drift(store, Drift.DriftKind.DIFFERENT, resource, expected, found);
        }
    }

    private void number(String store, String resource, long expected, long found) {
        if (expected != found) {
            drift(
                    store,
                    found < expected ? Drift.DriftKind.MISSING : Drift.DriftKind.EXTRA,
                    resource,
                    Long.toString(expected),
                    Long.toString(found));
        }
    }

    private void drift(String store, Drift.DriftKind kind, String resource, String expected, String found) {
        drifts.add(new Drift(
                document.documentId(), saga.sagaId(), store, kind, resource, expected, found, false, false, ""));
    }
}
