package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.InUseException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Sends operator commands through the journal to the process that runs or cleans up a saga. If no process uses the data
 * directory, this process executes the command itself.
 */
final class OperatorCommandSender {
    private final SagaConfig config;

    OperatorCommandSender(SagaConfig config) {
        this.config = config;
    }

    /** A saga before the command, and after its execution or the time limit. */
    record Change(SagaRecord before, SagaRecord after) {}

    /** @param until whether a state fulfils the command */
    Change requestCommand(String sagaId, OperatorCommand command, Predicate<SagaState> until)
            throws InterruptedException {
        try (JournalReader reader = new JournalReader(config)) {
            Journal journal = reader.journal();
            SagaRecord saga = journal.sagas()
                    .find(sagaId)
                    .orElseThrow(() -> new UsageException("no saga " + sagaId + "; list shows them"));
            if (saga.state().isFinal()) {
                throw new UsageException("saga " + sagaId + " is already " + saga.state());
            }
            journal.commands().request(sagaId, command);
            Optional<Application> localApplication = startIfFree(Application::start);
            try {
                await(journal, sagaId, until);
                if (localApplication.isPresent()) {
                    // The journal has the outcome before alerts are delivered and the document is visible. Wait for
                    // both, since
                    // the end of this process would interrupt them.
                    localApplication.get().bundle().ingest().awaitLocal(sagaId);
                }
                return new Change(saga, journal.sagas().find(sagaId).orElseThrow());
            } finally {
                localApplication.ifPresent(Application::close);
            }
        }
    }

    /**
     * Retries or resolves a clean-up entry, in this process if no other uses the data directory.
     *
     * @param reason for RESOLVE
     * @return all entries of its saga and step afterwards, including closed ones
     * @throws UsageException if there is no such open entry, or if no process has executed the command in time; the
     *     command stays in the journal
     */
    List<CleanupEntry> cleanup(String cleanupId, CleanupRepository.CleanupCommand command, String reason)
            throws InterruptedException {
        try (JournalReader reader = new JournalReader(config)) {
            CleanupRepository cleanups = reader.journal().cleanups();
            CleanupEntry entry = cleanups.find(cleanupId)
                    .filter(e -> e.state().isOpen())
                    .orElseThrow(
                            () -> new UsageException("no open clean-up entry " + cleanupId + "; cleanups lists them"));
            cleanups.requestCommand(cleanupId, command, reason);
            Optional<Application> localApplication = startIfFree(Application::startWithoutRecovery);
            try {
                localApplication.ifPresent(application -> application
                        .bundle()
                        .recovery()
                        .execute(new CleanupRepository.PendingCommand(entry, command, reason)));
            } finally {
                localApplication.ifPresent(Application::close);
            }
            await(cleanups, cleanupId);
            return cleanups.of(entry.sagaId()).stream()
                    .filter(e -> e.step().equals(entry.step()))
                    .toList();
        }
    }

    /** Allows for two attempts: the requested one, and one that may already be running. */
    private void await(CleanupRepository cleanups, String cleanupId) throws InterruptedException {
        long end = System.nanoTime()
                + config.compensation()
                        .stepTimeout()
                        .multipliedBy(4)
                        .plusSeconds(10)
                        .toNanos();
        while (cleanups.hasPendingCommand(cleanupId)) {
            if (System.nanoTime() > end) {
                throw new UsageException("the process that uses " + config.dataDir()
                        + " has not executed the command for clean-up entry " + cleanupId
                        + " yet; the command stays in the journal, and cleanups shows its result");
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
        while (!until.test(journal.sagas().find(sagaId).orElseThrow().state()) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }
}
