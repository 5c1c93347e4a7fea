package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.InUseException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.journal.CleanupEntries;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Tells whichever process runs a saga, or cleans up after it, what a person wants of it, through the journal. If none
 * works in the data directory, this process sees to it itself.
 */
final class OperatorCommandSender {
    private final SagaConfig config;

    OperatorCommandSender(SagaConfig config) {
        this.config = config;
    }

    /** A saga before the wish, and when it was fulfilled or the time limit has passed. */
    record Change(SagaRecord before, SagaRecord after) {}

    /** @param until when the wish is fulfilled */
    Change requestCommand(String sagaId, Journal.OperatorCommand wish, Predicate<SagaState> until)
            throws InterruptedException {
        try (JournalReader reader = new JournalReader(config)) {
            Journal journal = reader.journal();
            SagaRecord saga = journal.saga(sagaId)
                    .orElseThrow(() -> new UsageException("no saga " + sagaId + "; list shows them"));
            if (saga.state().isFinal()) {
                throw new UsageException("saga " + sagaId + " is " + saga.state() + " already");
            }
            journal.operatorCommand(sagaId, wish);
            Optional<Application> own = startIfFree(Application::start);
            try {
                await(journal, sagaId, until);
                if (own.isPresent()) {
                    // The outcome is on record before its alerts are told, or its document is visible, which an end of
                    // this process would break off.
                    own.get().bundle().ingest().awaitLocal(sagaId);
                }
                return new Change(saga, journal.saga(sagaId).orElseThrow());
            } finally {
                own.ifPresent(Application::close);
            }
        }
    }

    /**
     * Has a clean-up entry retried or resolved, by this process if no other works in the data directory.
     *
     * @param why for RESOLVE
     * @return all entries of its saga and step afterwards, closed ones included
     * @throws UsageException if there is no such open entry, or nobody has taken the wish up in time; it stays on
     *     record then
     */
    List<CleanupEntry> cleanup(String cleanupId, CleanupEntries.CleanupCommand wish, String why)
            throws InterruptedException {
        try (JournalReader reader = new JournalReader(config)) {
            CleanupEntries cleanups = reader.journal().cleanups();
            CleanupEntry entry = cleanups.find(cleanupId)
                    .filter(e -> e.state().isOpen())
                    .orElseThrow(
                            () -> new UsageException("no open clean-up entry " + cleanupId + "; cleanups lists them"));
            cleanups.requestCommand(cleanupId, wish, why);
            Optional<Application> own = startIfFree(Application::startWithoutRecovery);
            try {
                own.ifPresent(application ->
                        application.bundle().recovery().execute(new CleanupEntries.PendingCommand(entry, wish, why)));
            } finally {
                own.ifPresent(Application::close);
            }
            await(cleanups, cleanupId);
            return cleanups.of(entry.sagaId()).stream()
                    .filter(e -> e.step().equals(entry.step()))
                    .toList();
        }
    }

    /** Two attempts at a store: the one that is wanted, and one that may be under way. */
    private void await(CleanupEntries cleanups, String cleanupId) throws InterruptedException {
        long end = System.nanoTime()
                + config.compensation()
                        .stepTimeout()
                        .multipliedBy(4)
                        .plusSeconds(10)
                        .toNanos();
        while (cleanups.hasPendingCommand(cleanupId)) {
            if (System.nanoTime() > end) {
                throw new UsageException(
                        "the process that works in " + config.dataDir() + " has not seen to clean-up entry " + cleanupId
                                + " yet; the request is kept in the journal, and cleanups shows what becomes of it");
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private Optional<Application> startIfFree(Function<SagaConfig, Application> start) {
        DataDirectorySetup.prepare(config);
        try {
            return Optional.of(start.apply(config));
        } catch (InUseException busy) {
            return Optional.empty();
        }
    }

    private void await(Journal journal, String sagaId, Predicate<SagaState> until) throws InterruptedException {
        long end = System.nanoTime() + config.timeLimit().toNanos();
        while (!until.test(journal.saga(sagaId).orElseThrow().state()) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }
}
