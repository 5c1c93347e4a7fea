package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.BucketInventory;
import dev.streamingsaga.chunk.BucketOwner;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.saga.StoreCallException;
import dev.streamingsaga.saga.StoreRoutes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Finds stored data that no journal entry owns, and deletes it when told: below our prefix only, older than
 * {@code saga.orphans.min-age}, through the compensation routes, and never when the journal is empty or not the one that the
 * bucket is marked with. Sagas are looked at one by one, however many there are.
 */
public final class Orphans implements AutoCloseable {
    static final String UPLOAD = "upload";

    private final Holdings holdings;
    private final Journal journal;
    private final StoreRoutes stores;
    private final BucketInventory inventory;
    private final OrphanSearch search;

    public Orphans(Holdings holdings) {
        this.holdings = holdings;
        this.journal = holdings.journal();
        this.stores = new StoreRoutes(holdings.config(), holdings.context());
        this.inventory = new BucketInventory(holdings.config(), holdings.s3());
        this.search = new OrphanSearch(holdings, stores, inventory);
    }

    /** Tells of each; changes nothing. A store that can't be asked is told of as UNREACHABLE, and the others are asked all the same. */
    public void list(Consumer<Orphan> found) {
        List<String> all = new ArrayList<>(List.of(UPLOAD));
        all.addAll(holdings.config().participants());
        for (String store : all) {
            try {
                search.in(store, found);
            } catch (StoreCallException | SdkException e) {
                found.accept(Orphan.unreachable(store, String.valueOf(e.getMessage())));
            }
        }
    }

    /** As {@link #list}, and deletes what may be deleted; the process must hold the lock on the data directory. */
    public void delete(Consumer<Orphan> found) {
        Optional<String> refusal = refusal();
        list(orphan -> found.accept(orphan.isDeletable()
                ? refusal.map(orphan::keptBecause).orElseGet(() -> delete(orphan)) : orphan));
    }

    /** Why nothing at all may be deleted. A bucket without a mark becomes ours unless it holds completed documents that we know nothing of. */
    private Optional<String> refusal() {
        if (journal.sagas(1).isEmpty()) {
            return Optional.of("the journal is empty: it may have been lost, and all that is stored would look like orphans");
        }
        BucketOwner owner = new BucketOwner(holdings.config(), holdings.s3());
        try {
            Optional<String> epoch = owner.epoch();
            if (epoch.isEmpty()) {
                return unknownDocument().or(() -> owner.claim(journal.epoch()) ? Optional.empty() : Optional.of("another journal owns the bucket"));
            }
            return epoch.filter(journal.epoch()::equals).isPresent() ? Optional.empty() : Optional.of("bucket " + holdings.config().s3().bucket()
                    + " belongs to journal " + epoch.get() + ", this one is " + journal.epoch() + ": a lost journal must not delete live data");
        } catch (SagaException | SdkException e) {
            return Optional.of("whose bucket it is could not be found out: " + e.getMessage());
        }
    }

    private Optional<String> unknownDocument() {
        Ownership ownership = new Ownership(journal);
        AtomicReference<String> first = new AtomicReference<>("");
        inventory.forEach(stored -> {
            if (stored.complete() && first.get().isEmpty() && !ownership.isKnown(stored.sagaId())) {
                first.set(stored.keyPrefix());
            }
        }, key -> {});
        return Optional.of(first.get()).filter(prefix -> !prefix.isEmpty()).map(prefix -> "bucket " + holdings.config().s3().bucket()
                + " has no owner's mark, and with " + prefix + " a completed document of which this journal knows nothing: was the journal lost?");
    }

    /** Looks again, journals, deletes, and looks once more. */
    private Orphan delete(Orphan orphan) {
        try {
            Optional<Orphan> now = search.again(orphan);
            if (now.isEmpty()) {
                return orphan.keptBecause("it is gone, or a saga's, by now");
            }
            if (!now.get().isDeletable()) {
                return now.get();
            }
            tell(orphan, "orphan " + orphan.resource() + " is deleted from store " + orphan.store() + ": " + orphan.reason());
            stores.compensate(orphan.store(), facts(orphan));
            Optional<Orphan> left = search.again(orphan);
            tell(orphan, "orphan " + orphan.resource() + (left.isEmpty() ? " is gone" : " is not gone: " + left.get().pieces() + " pieces are left"));
            return left.isEmpty() ? orphan.withDeleted() : left.get().keptBecause("still there after the delete; try again");
        } catch (StoreCallException | SdkException e) {
            tell(orphan, "orphan " + orphan.resource() + " could not be deleted: " + e.getMessage());
            return orphan.keptBecause("could not be deleted: " + e.getMessage());
        }
    }

    private void tell(Orphan orphan, String message) {
        journal.event(orphan.sagaId(), Event.Kind.STATE, orphan.store(), message, "");
    }

    static Map<String, Object> facts(Orphan orphan) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("sagaId", orphan.sagaId());
        facts.put("documentId", orphan.documentId());
        if (orphan.store().equals(UPLOAD)) {
            facts.put("keyPrefix", orphan.resource());
        }
        return facts;
    }

    @Override
    public void close() {
        stores.close();
    }
}
