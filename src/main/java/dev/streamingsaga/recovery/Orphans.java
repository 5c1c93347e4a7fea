package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.BucketInventory;
import dev.streamingsaga.chunk.BucketOwner;
import dev.streamingsaga.journal.BucketLocation;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.saga.StoreCallException;
import dev.streamingsaga.saga.StoreClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;

/**
 * Finds stored data that no journal entry owns, and deletes it on request: only below the prefixes of this instance,
 * only if older than {@code saga.orphans.min-age}, and through the compensation routes. Deletes nothing if the journal
 * is empty, or if the owner object in the bucket names another journal. Holds one saga in memory at a time.
 */
public final class Orphans implements AutoCloseable {
    private final StorageAccess storage;
    private final Journal journal;
    private final StoreClient stores;
    private final BucketLocation configured;
    private final OrphanSearch search;

    public Orphans(StorageAccess storage) {
        this.storage = storage;
        this.journal = storage.journal();
        this.stores = new StoreClient(storage.config(), storage.context());
        this.configured = new BucketLocation(
                storage.config().servers().s3().bucket(),
                storage.config().documents().chunk().prefix());
        this.search = new OrphanSearch(storage, stores);
    }

    /**
     * Reports each orphan; changes nothing. A store that does not respond is reported as UNREACHABLE; the search goes
     * on with the others.
     */
    public void list(Consumer<Orphan> found) {
        search((orphan, location) -> found.accept(orphan));
    }

    /** Searches every bucket that documents were ever sent to, the configured one first. */
    private void search(BiConsumer<Orphan, BucketLocation> found) {
        Set<BucketLocation> locations = new LinkedHashSet<>(List.of(configured));
        locations.addAll(journal.sagas().bucketLocations());
        locations.forEach(location -> search(location, found));
        for (String store : storage.config().participants()) {
            try {
                search.in(store, orphan -> found.accept(orphan, configured));
            } catch (StoreCallException | SdkException e) {
                found.accept(Orphan.unreachable(store, String.valueOf(e.getMessage())), configured);
            }
        }
    }

    private void search(BucketLocation location, BiConsumer<Orphan, BucketLocation> found) {
        try {
            search.in(inventory(location), orphan -> found.accept(withBucket(orphan, location), location));
        } catch (NoSuchBucketException e) {
            if (location.bucket().equals(configured.bucket())) {
                found.accept(Orphan.unreachable(StoreNames.UPLOAD, String.valueOf(e.getMessage())), location);
            }
        } catch (SdkException e) {
            found.accept(
                    withBucket(Orphan.unreachable(StoreNames.UPLOAD, String.valueOf(e.getMessage())), location),
                    location);
        }
    }

    private Orphan withBucket(Orphan orphan, BucketLocation location) {
        return location.bucket().equals(configured.bucket()) ? orphan : orphan.in(location.bucket());
    }

    private BucketInventory inventory(BucketLocation location) {
        return new BucketInventory(storage.config(), storage.s3(), location);
    }

    /**
     * Lists as {@link #list} does and deletes what may be deleted. The process must hold the lock on the data
     * directory.
     */
    public void delete(Consumer<Orphan> found) {
        Map<BucketLocation, Optional<String>> refusals = new HashMap<>();
        search((orphan, location) -> found.accept(
                orphan.isDeletable()
                        ? refusals.computeIfAbsent(location, this::refusal)
                                .map(orphan::withReasonKept)
                                .orElseGet(() -> delete(orphan, location))
                        : orphan));
    }

    /**
     * Why nothing in the location may be deleted; empty if deletion is allowed. Claims a bucket that has no owner,
     * unless it holds completed documents that the journal does not know.
     */
    private Optional<String> refusal(BucketLocation location) {
        if (journal.sagas().newest(1).isEmpty()) {
            return Optional.of(
                    "the journal is empty: it may have been lost, and then all stored data would look orphaned");
        }
        BucketOwner owner = new BucketOwner(storage.s3(), location);
        try {
            Optional<String> epoch = owner.epoch();
            if (epoch.isEmpty()) {
                return unknownDocument(location)
                        .or(() -> owner.claim(journal.epoch())
                                ? Optional.empty()
                                : Optional.of("another journal owns the bucket"));
            }
            return epoch.filter(journal.epoch()::equals).isPresent()
                    ? Optional.empty()
                    : Optional.of("bucket " + location.bucket() + " belongs to journal " + epoch.get()
                            + ", this one is " + journal.epoch() + ": a lost journal must not delete live data");
        } catch (SagaException | SdkException e) {
            return Optional.of("cannot read the owner of the bucket: " + e.getMessage());
        }
    }

    private Optional<String> unknownDocument(BucketLocation location) {
        Ownership ownership = new Ownership(journal);
        List<String> first = new ArrayList<>(1);
        inventory(location)
                .forEach(
                        stored -> {
                            if (stored.complete() && first.isEmpty() && !ownership.isKnown(stored.sagaId())) {
                                first.add(stored.keyPrefix());
                            }
                        },
                        key -> {});
        return first.stream()
                .findFirst()
                .map(prefix ->
                        "bucket " + location.bucket() + " has no owner object, but holds a completed document at "
                                + prefix + " that is not in this journal: was the journal lost?");
    }

    /** Checks the orphan again, journals the deletion, deletes, and verifies that it is gone. */
    private Orphan delete(Orphan orphan, BucketLocation location) {
        try {
            Optional<Orphan> now = search.again(orphan, inventory(location));
            if (now.isEmpty()) {
                return orphan.withReasonKept("it is gone by now, or a saga owns it");
            }
            if (!now.get().isDeletable()) {
                return now.get();
            }
            report(
                    orphan,
                    "deleting orphan " + orphan.resource() + " from store " + orphan.store() + ": " + orphan.reason());
            stores.compensate(orphan.store(), facts(orphan, location));
            Optional<Orphan> remaining = search.again(orphan, inventory(location));
            report(
                    orphan,
                    "orphan " + orphan.resource()
                            + (remaining.isEmpty()
                                    ? " is gone"
                                    : " is not gone: " + remaining.get().pieces() + " pieces remain"));
            return remaining.isEmpty()
                    ? orphan.withDeleted()
                    : remaining.get().withReasonKept("not deleted completely; try again");
        } catch (StoreCallException | SdkException e) {
            report(orphan, "cannot delete orphan " + orphan.resource() + ": " + e.getMessage());
            return orphan.withReasonKept("cannot be deleted: " + e.getMessage());
        }
    }

    private void report(Orphan orphan, String message) {
        journal.events().append(orphan.sagaId(), EventKind.STATE, orphan.store(), message, "");
    }

    private static Map<String, Object> facts(Orphan orphan, BucketLocation location) {
        Map<String, Object> documentFacts = new LinkedHashMap<>();
        documentFacts.put("sagaId", orphan.sagaId());
        documentFacts.put("documentId", orphan.documentId());
        if (orphan.store().equals(StoreNames.UPLOAD)) {
            documentFacts.put("bucket", location.bucket());
            documentFacts.put("keyPrefix", orphan.resource());
        }
        return documentFacts;
    }

    @Override
    public void close() {
        stores.close();
    }
}
