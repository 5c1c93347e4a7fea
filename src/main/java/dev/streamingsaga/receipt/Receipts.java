package dev.streamingsaga.receipt;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.http.WarningInterval;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Issues receipts, if {@code saga.receipts} is on. A saga is neither delayed nor failed by its receipt: what could not
 * be issued or copied is repeated by {@link #issueDue}. Thread-safe.
 */
public final class Receipts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Receipts.class);
    private static final String LEASE = "receipts";
    private static final String KEY_FILE = "receipts.jwk";
    private static final String KEY_SETTING = "saga.receipts.key-file";
    private static final int PAGE = 50;

    /** Sagas whose receipts wait here at most; the others wait in the journal. */
    private static final int QUEUE = 100;

    /** How long a saga waits for its receipt at most, so that whoever asks after the outcome finds it. */
    private static final Duration COURTESY = Duration.ofSeconds(1);

    /** If more sagas than this wait for their receipts, something hangs, and no saga waits. */
    private static final int CROWD = 8;

    private static final Duration CLOCK_DIFFERENCE = Duration.ofHours(1);

    private final Optional<Issuer> issuer;
    private final Supplier<String> embeddingModel;
    private final ThreadPoolExecutor thread;
    private final WarningInterval warnings = new WarningInterval();

    /** All deletions that ended before have their receipts. */
    private volatile Instant deletionsChecked = Instant.EPOCH;

    private record Issuer(Journal journal, SigningKey key, StatementWriter writer, ReceiptCopies copies) {}

    private Receipts(String name, Optional<Issuer> issuer, Supplier<String> embeddingModel) {
        this.issuer = issuer;
        this.embeddingModel = embeddingModel;
        this.thread = new ThreadPoolExecutor(
                1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(QUEUE), work -> new Thread(work, name));
        thread.allowCoreThreadTimeOut(true);
    }

    /** Issues nothing. */
    public static Receipts off() {
        return new Receipts(LEASE, Optional.empty(), () -> "");
    }

    /**
     * Opens the signing key, which is generated on first use, and publishes its public part in the journal. Does
     * nothing of this if receipts are off.
     *
     * @param embeddingModel id of the model in use; asked only after a saga that has used it
     * @throws dev.streamingsaga.config.ConfigException if the key file is not private, or holds no Ed25519 key
     * @throws IOException if the key file cannot be read or written
     */
    public static Receipts open(SagaConfig config, Journal journal, ChunkStore bucket, Supplier<String> embeddingModel)
            throws IOException {
        if (!config.operation().receipts().isOn()) {
            return off();
        }
        Path file =
                config.operation().receipts().keyFile().orElse(config.dataDir().resolve(KEY_FILE));
        SigningKey key = SigningKey.open(file, KEY_SETTING);
        journal.receipts().remember(key.keyId(), key.publicJwk());
        LOG.info("receipts are signed with key {}", key.keyId());
        return new Receipts(
                config.id(LEASE),
                Optional.of(new Issuer(
                        journal, key, new StatementWriter(journal, key), new ReceiptCopies(journal, bucket))),
                embeddingModel);
    }

    /** The key that signs; empty if receipts are off. */
    public Optional<String> keyId() {
        return issuer.map(open -> open.key().keyId());
    }

    /**
     * Issues the receipt of a saga whose document has just become visible. Never throws. Waits for at most a second.
     *
     * @param stores counts the pieces in each store
     */
    public void completed(SagaRecord saga, Function<SagaRecord, Map<String, Long>> stores) {
        issuer.ifPresent(open -> {
            try {
                Future<?> journaled = thread.submit(() -> guarded(() -> issue(open, saga, stores, true)));
                thread.execute(() -> guarded(open.copies()::writeAll));
                if (thread.getQueue().size() <= CROWD) {
                    journaled.get(COURTESY.toMillis(), TimeUnit.MILLISECONDS);
                }
            } catch (RejectedExecutionException | TimeoutException e) {
                LOG.debug("the receipt of saga {} is issued later", saga.sagaId());
            } catch (ExecutionException e) {
                LOG.warn("the receipt of saga {} is issued later: {}", saga.sagaId(), e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /**
     * Issues the receipts of documents and deletions that have none: of those whose process was killed, and of those
     * from before receipts were switched on. Writes the copies that are missing. One node does it for all. Does nothing
     * if receipts are off.
     */
    public void issueDue(Function<SagaRecord, Map<String, Long>> stores) {
        issuer.filter(open -> open.journal().singletons().hold(LEASE)).ifPresent(open -> {
            String last = "";
            List<String> page;
            do {
                page = open.journal().receipts().due(last, PAGE);
                page.forEach(sagaId -> guarded(
                        () -> issue(open, open.journal().sagas().find(sagaId).orElseThrow(), stores, false)));
                last = page.isEmpty() ? last : page.get(page.size() - 1);
            } while (page.size() == PAGE && open.journal().singletons().hold(LEASE));
            guarded(open.copies()::writeAll);
            guarded(() -> issueDeletions(open));
        });
    }

    private void issueDeletions(Issuer open) {
        Instant begin = open.journal().clock().instant();
        List<String> page;
        long failed;
        do {
            page = open.journal().receipts().deletionsDue(deletionsChecked, PAGE);
            failed = page.stream()
                    .filter(id -> !guarded(() ->
                            issue(open, open.journal().deletions().find(id).orElseThrow())))
                    .count();
        } while (page.size() == PAGE
                && failed < PAGE
                && open.journal().singletons().hold(LEASE));
        if (page.size() < PAGE && failed == 0) {
            deletionsChecked = begin.minus(CLOCK_DIFFERENCE); // the clocks of other nodes may differ
        }
    }

    /**
     * Issues the statements that the versions of a document were deleted, after the deletion has ended. Repeating it
     * issues nothing again. Never throws.
     */
    public void deleted(Deletion ended) {
        issuer.ifPresent(open -> guarded(() -> issue(open, ended)));
    }

    private static void issue(Issuer open, Deletion ended) {
        for (Deletion.DeletedVersion version : ended.versions()) {
            List<String> residue = open.journal().cleanups().of(version.sagaId()).stream()
                    .filter(entry -> entry.state().isOpen())
                    .map(CleanupEntry::resource)
                    .toList();
            Statement.Deletion facts = new Statement.Deletion(
                    ended.reason(),
                    ended.requestedBy(),
                    ended.requestedAt().toString(),
                    ended.finishedAt().orElseThrow().toString(),
                    version.keyDestroyed(),
                    residue);
            // One that is archived ended long before receipts were switched on.
            open.journal().sagas().find(version.sagaId()).ifPresent(saga -> issue(open, saga, facts));
        }
    }

    private void issue(
            Issuer open, SagaRecord saga, Function<SagaRecord, Map<String, Long>> stores, boolean modelKnown) {
        if (open.journal().deletions().contains(saga.sagaId())
                || open.journal()
                        .receipts()
                        .find(Receipt.Kind.COMPLETION, saga.sagaId())
                        .isPresent()) {
            return;
        }
        Map<String, Long> counts = stores.apply(saga);
        Optional<String> model = modelKnown && counts.getOrDefault(StoreNames.VECTOR, 0L) > 0
                ? Optional.of(embeddingModel.get())
                : Optional.empty();
        open.journal()
                .receipts()
                .append(
                        Receipt.Kind.COMPLETION,
                        saga.sagaId(),
                        saga.document().orElseThrow().documentId(),
                        open.writer().completion(saga, counts, model));
    }

    /**
     * Issues the statement that a saga's document was deleted, as the next receipt of the chain. Repeating it returns
     * the first one.
     *
     * @return empty if receipts are off
     */
    public Optional<Receipt> deletion(SagaRecord saga, Statement.Deletion deletion) {
        return issuer.map(open -> issue(open, saga, deletion));
    }

    private static Receipt issue(Issuer open, SagaRecord saga, Statement.Deletion deletion) {
        return open.journal()
                .receipts()
                .append(
                        Receipt.Kind.DELETION,
                        saga.sagaId(),
                        saga.document().orElseThrow().documentId(),
                        open.writer().deletion(saga, deletion));
    }

    /** Returns false if it failed. */
    private boolean guarded(Runnable work) {
        try {
            work.run();
            return true;
        } catch (RuntimeException e) {
            if (warnings.isDue()) {
                LOG.warn("a receipt could not be issued or copied ({}); it is tried again soon", e.toString());
            }
            return false;
        }
    }

    /** Ends within two seconds; what is not done then is done by the next start. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            thread.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.shutdownNow();
    }
}
