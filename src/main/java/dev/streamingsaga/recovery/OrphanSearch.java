package dev.streamingsaga.recovery;

import com.github.f4b6a3.ulid.Ulid;
import dev.streamingsaga.chunk.BucketInventory;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.saga.StoreCallException;
import dev.streamingsaga.saga.StoreClient;
import dev.streamingsaga.saga.StoreClient.StoreContents;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** Searches for orphans: saga by saga below the configured prefix in the bucket, page by page in the other stores. */
final class OrphanSearch {
    private static final int SAGAS_PER_PAGE = 5_000;

    private final StorageAccess storage;
    private final StoreClient stores;
    private final Ownership ownership;

    OrphanSearch(StorageAccess storage, StoreClient stores) {
        this.storage = storage;
        this.stores = stores;
        this.ownership = new Ownership(storage.journal());
    }

    void in(BucketInventory inventory, Consumer<Orphan> found) {
        inventory.forEach(
                stored -> objects(stored).ifPresent(found),
                key -> found.accept(
                        Orphan.foreign(StoreNames.UPLOAD, key, "no saga of this instance writes such a key")));
    }

    void in(String store, Consumer<Orphan> found) throws StoreCallException {
        if (stores.exists(store, RouteNames.SAGAS)) {
            rows(store, found);
        }
    }

    /** Searches again for the same orphan; empty if it is gone or now has an owner. */
    Optional<Orphan> again(Orphan before, BucketInventory inventory) throws StoreCallException {
        if (before.store().equals(StoreNames.UPLOAD)) {
            return inventory.find(before.resource()).flatMap(this::objects);
        }
        List<?> first = page(before.store(), before.sagaId(), 1);
        return first.isEmpty()
                        || !id(first.get(0)).equals(before.sagaId())
                        || ownership.orphaned(before.store(), before.sagaId()).isEmpty()
                ? Optional.empty()
                : row(before.store(), before.sagaId(), (Map<?, ?>) first.get(0));
    }

    private Optional<Orphan> objects(BucketInventory.StoredSaga stored) {
        Optional<String> reason = ownership.orphaned(StoreNames.UPLOAD, stored.sagaId());
        if (reason.isEmpty()
                && storage.journal()
                        .sagas()
                        .find(stored.sagaId())
                        .filter(saga -> saga.state().isFinal())
                        .isPresent()
                && !ownership.fits(stored.sagaId(), stored.documentId())) {
            reason = Optional.of("saga " + stored.sagaId() + " belongs to another document");
        }
        return reason.map(orphanReason -> new Orphan(
                StoreNames.UPLOAD,
                stored.sagaId(),
                stored.documentId(),
                Orphan.OrphanKind.ORPHAN,
                stored.keyPrefix(),
                stored.objects(),
                Optional.of(stored.newest()),
                orphanReason,
                stored.mixed()
                        ? "there are foreign keys below it"
                        : kept(stored.sagaId(), stored.complete(), Optional.of(stored.newest())),
                false));
    }

    private void rows(String store, Consumer<Orphan> found) throws StoreCallException {
        String last = "";
        List<?> page;
        do {
            page = page(store, last, SAGAS_PER_PAGE);
            for (Object each : page) {
                if (!id(each).equals(last)) {
                    last = id(each);
                    row(store, last, (Map<?, ?>) each).ifPresent(found);
                }
            }
        } while (page.size() >= SAGAS_PER_PAGE);
    }

    /** Sagas in the order of their ids, starting with {@code from} itself. */
    private List<?> page(String store, String from, int limit) throws StoreCallException {
        return stores.inspect(store, RouteNames.SAGAS, Map.of("from", from, "limit", limit)) instanceof List<?> list
                ? list
                : List.of();
    }

    private static String id(Object row) {
        return String.valueOf(((Map<?, ?>) row).get("saga_id"));
    }

    private Optional<Orphan> row(String store, String sagaId, Map<?, ?> row) throws StoreCallException {
        String documentId = Objects.toString(row.get("document_id"), "");
        Optional<String> reason = ownership.orphaned(store, sagaId);
        if (reason.isEmpty()) {
            // Rows can only be deleted by saga, and a journal entry owns this one.
            boolean mixed = number(row.get("documents")) > 1 || !ownership.fits(sagaId, documentId);
            return mixed
                    ? Optional.of(Orphan.foreign(
                            store,
                            store + ":" + sagaId,
                            "rows of saga " + sagaId
                                    + " carry the id of another document; verify --repair rewrites them"))
                    : Optional.empty();
        }
        Orphan orphan = new Orphan(
                store,
                sagaId,
                documentId,
                Orphan.OrphanKind.ORPHAN,
                store + ":" + sagaId,
                0,
                writtenAt(sagaId),
                reason.get(),
                kept(sagaId, number(row.get("visible")) > 0, writtenAt(sagaId)),
                false);
        long pieces = stores.contents(store, Map.of("sagaId", sagaId, "documentId", documentId))
                .map(StoreContents::count)
                .orElse(0L);
        return Optional.of(new Orphan(
                store,
                sagaId,
                documentId,
                orphan.kind(),
                orphan.resource(),
                pieces,
                orphan.writtenAt(),
                orphan.reason(),
                orphan.kept(),
                false));
    }

    private static long number(@org.jspecify.annotations.Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }

    /** Rows have no timestamp: the saga id contains the start time, the journal has the end time. */
    private Optional<Instant> writtenAt(String sagaId) {
        Optional<Instant> end = storage.journal().sagas().find(sagaId).flatMap(SagaRecord::finishedAt);
        return end.isPresent() || !Ulid.isValid(sagaId)
                ? end
                : Optional.of(Ulid.from(sagaId).getInstant());
    }

    /**
     * A completed document of an unknown saga is kept: the journal may have been restored from a backup, or may belong
     * to another instance.
     */
    private String kept(String sagaId, boolean complete, Optional<Instant> writtenAt) {
        if (complete && !ownership.isKnown(sagaId)) {
            return "it is, or was, a completed document: was the journal restored from a backup?"
                    + " Only a person can delete it";
        }
        Duration minAge = storage.config().operation().orphans().minAge();
        if (minAge.isZero()) {
            return "";
        }
        if (writtenAt.isEmpty()) {
            return "its age is unknown";
        }
        return writtenAt.get().isAfter(storage.journal().clock().instant().minus(minAge))
                ? "younger than saga.orphans.min-age: written at " + writtenAt.get()
                : "";
    }
}
