package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.BucketInventory;
import dev.streamingsaga.chunk.BucketOwner;
import dev.streamingsaga.journal.BucketLocation;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaException;
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
 * Finds stored data that no journal entry owns, and deletes it when told: below our prefixes only, older than
 * {@code saga.orphans.min-age}, through the compensation routes, and never when the journal is empty or not the one
 * that the bucket is marked with. Sagas are looked at one by one, however many there are.
 */
public final class Orphans implements AutoCloseable {
    static final String UPLOAD = "upload";

    private final StorageAccess holdings;
    private final Journal journal;
    private final StoreClient stores;
    private final BucketLocation configured;
    private final OrphanSearch search;

    public Orphans(StorageAccess holdings) {
        this.holdings = holdings;
        this.journal = holdings.journal();
        this.stores = new StoreClient(holdings.config(), holdings.context());
        this.configured = new BucketLocation(
                holdings.config().s3().bucket(), holdings.config().chunk().prefix());
        this.search = new OrphanSearch(holdings, stores);
    }

    /**
     * Tells of each; changes nothing. A store that can't be asked is told of as UNREACHABLE, and the others are asked
     * all the same.
     */
    public void list(Consumer<Orphan> found) {
        search((orphan, place) -> found.accept(orphan));
    }

    /** Every bucket that documents were ever sent to is looked into, the configured one first. */
    private void search(BiConsumer<Orphan, BucketLocation> found) {
        Set<BucketLocation> places = new LinkedHashSet<>(List.of(configured));
        places.addAll(journal.bucketLocations());
        places.forEach(place -> search(place, found));
        for (String store : holdings.config().participants()) {
            try {
                search.in(store, orphan -> found.accept(orphan, configured));
            } catch (StoreCallException | SdkException e) {
                found.accept(Orphan.unreachable(store, String.valueOf(e.getMessage())), configured);
            }
        }
    }

    private void search(BucketLocation place, BiConsumer<Orphan, BucketLocation> found) {
        try {
            search.in(inventory(place), orphan -> found.accept(where(orphan, place), place));
        } catch (NoSuchBucketException e) {
            if (place.bucket().equals(configured.bucket())) {
                found.accept(Orphan.unreachable(UPLOAD, String.valueOf(e.getMessage())), place);
            }
        } catch (SdkException e) {
            found.accept(where(Orphan.unreachable(UPLOAD, String.valueOf(e.getMessage())), place), place);
        }
    }

    private Orphan where(Orphan orphan, BucketLocation place) {
        return place.bucket().equals(configured.bucket()) ? orphan : orphan.in(place.bucket());
    }

    private BucketInventory inventory(BucketLocation place) {
        return new BucketInventory(holdings.config(), holdings.s3(), place);
    }

    /** As {@link #list}, and deletes what may be deleted; the process must hold the lock on the data directory. */
    public void delete(Consumer<Orphan> found) {
        Map<BucketLocation, Optional<String>> refusals = new HashMap<>();
        search((orphan, place) -> found.accept(
                orphan.isDeletable()
                        ? refusals.computeIfAbsent(place, this::refusal)
                                .map(orphan::withReasonKept)
                                .orElseGet(() -> delete(orphan, place))
                        : orphan));
    }

    /**
     * Why nothing at all may be deleted. A bucket without a mark becomes ours unless it holds completed documents that
     * we know nothing of.
     */
    private Optional<String> refusal(BucketLocation place) {
        if (journal.sagas(1).isEmpty()) {
            return Optional.of(
                    "the journal is empty: it may have been lost, and all that is stored would look like orphans");
        }
        BucketOwner owner = new BucketOwner(holdings.s3(), place);
        try {
            Optional<String> epoch = owner.epoch();
            if (epoch.isEmpty()) {
                return unknownDocument(place)
                        .or(() -> owner.claim(journal.epoch())
                                ? Optional.empty()
                                : Optional.of("another journal owns the bucket"));
            }
            return epoch.filter(journal.epoch()::equals).isPresent()
                    ? Optional.empty()
                    : Optional.of("bucket " + place.bucket() + " belongs to journal " + epoch.get() + ", this one is "
                            + journal.epoch() + ": a lost journal must not delete live data");
        } catch (SagaException | SdkException e) {
            return Optional.of("whose bucket it is could not be found out: " + e.getMessage());
        }
    }

    private Optional<String> unknownDocument(BucketLocation place) {
        Ownership ownership = new Ownership(journal);
        List<String> first = new ArrayList<>(1);
        inventory(place)
                .forEach(
                        stored -> {
                            if (stored.complete() && first.isEmpty() && !ownership.isKnown(stored.sagaId())) {
                                first.add(stored.keyPrefix());
                            }
                        },
                        key -> {});
        return first.stream()
                .findFirst()
                .map(prefix -> "bucket " + place.bucket() + " has no owner's mark, and with " + prefix
                        + " a completed document of which this journal knows nothing: was the journal lost?");
    }

    /** Looks again, journals, deletes, and looks once more. */
    private Orphan delete(Orphan orphan, BucketLocation place) {
        try {
            Optional<Orphan> now = search.again(orphan, inventory(place));
            if (now.isEmpty()) {
                return orphan.withReasonKept("it is gone, or a saga's, by now");
            }
            if (!now.get().isDeletable()) {
                return now.get();
            }
            report(
                    orphan,
                    "orphan " + orphan.resource() + " is deleted from store " + orphan.store() + ": "
                            + orphan.reason());
            stores.compensate(orphan.store(), facts(orphan, place));
            Optional<Orphan> left = search.again(orphan, inventory(place));
            report(
                    orphan,
                    "orphan " + orphan.resource()
                            + (left.isEmpty()
                                    ? " is gone"
                                    : " is not gone: " + left.get().pieces() + " pieces are left"));
            return left.isEmpty()
                    ? orphan.withDeleted()
                    : left.get().withReasonKept("still there after the delete; try again");
        } catch (StoreCallException | SdkException e) {
            report(orphan, "orphan " + orphan.resource() + " could not be deleted: " + e.getMessage());
            return orphan.withReasonKept("could not be deleted: " + e.getMessage());
        }
    }

    private void report(Orphan orphan, String message) {
        journal.event(orphan.sagaId(), EventKind.STATE, orphan.store(), message, "");
    }

    private static Map<String, Object> facts(Orphan orphan, BucketLocation place) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("sagaId", orphan.sagaId());
        facts.put("documentId", orphan.documentId());
        if (orphan.store().equals(UPLOAD)) {
            facts.put("bucket", place.bucket());
            facts.put("keyPrefix", orphan.resource());
        }
        return facts;
    }

    @Override
    public void close() {
        stores.close();
    }
}
