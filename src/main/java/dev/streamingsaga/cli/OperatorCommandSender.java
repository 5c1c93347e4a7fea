package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.InUseException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.DeletionView;
import dev.streamingsaga.operations.OperationException;
import dev.streamingsaga.operations.SagaCommands;
import dev.streamingsaga.operations.SagaReader;
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

    /**
     * @param until whether a state fulfils the command
     * @throws OperationException if there is no such saga, or it has its outcome
     */
    Change requestCommand(String sagaId, OperatorCommand command, Predicate<SagaState> until)
            throws InterruptedException {
        try (Inspection inspection = ReadAccess.open(config)) {
            SagaReader reader = inspection.reader();
            SagaRecord before = inspection.commands().request(sagaId, command);
            Optional<Application> localApplication = startIfFree(Application::start);
            try {
                await(reader, sagaId, until);
                if (localApplication.isPresent()) {
                    // The journal has the outcome before alerts are delivered and the document is visible. Wait for
                    // both, since the end of this process would interrupt them.
                    localApplication.get().operator().awaitSettled(sagaId);
                }
                return new Change(before, reader.findSaga(sagaId).orElseThrow());
            } finally {
                localApplication.ifPresent(Application::close);
            }
        }
    }

    /**
     * Retries a clean-up entry, in this process if no other uses the data directory.
     *
     * @return all entries of its saga and step afterwards, including closed ones
     * @throws OperationException if there is no such open entry
     * @throws UsageException if no process has executed the command in time; the command stays in the journal
     */
    List<CleanupEntry> retry(String cleanupId) throws InterruptedException {
        return cleanup(commands -> commands.requestRetry(cleanupId));
    }

    /**
     * Resolves a clean-up entry, otherwise as {@link #retry}.
     *
     * @param reason recorded in the journal
     */
    List<CleanupEntry> resolve(String cleanupId, String reason) throws InterruptedException {
        return cleanup(commands -> commands.requestResolution(cleanupId, reason));
    }

    private List<CleanupEntry> cleanup(Function<SagaCommands, CleanupEntry> request) throws InterruptedException {
        try (Inspection inspection = ReadAccess.open(config)) {
            CleanupEntry entry = request.apply(inspection.commands());
            Optional<Application> localApplication = startIfFree(Application::startWithoutRecovery);
            try {
                localApplication.ifPresent(application -> application.operator().executeRequest(entry.cleanupId()));
            } finally {
                localApplication.ifPresent(Application::close);
            }
            await(inspection.commands(), entry.cleanupId());
            return inspection.reader().cleanupsOf(entry.sagaId()).stream()
                    .filter(e -> e.step().equals(entry.step()))
                    .toList();
        }
    }

    /**
     * Deletes a document, in this process if no other uses the data directory.
     *
     * @return the deletion when every store was asked to remove the document, or after the time limit
     * @throws OperationException if there is no such document, or it cannot be deleted now
     */
    DeletionView delete(String documentId, String reason, String requestedBy) throws InterruptedException {
        try (Inspection inspection = ReadAccess.open(config)) {
            SagaReader reader = inspection.reader();
            Deletion requested = inspection.commands().requestDeletion(documentId, reason, requestedBy);
            Optional<Application> localApplication =
                    requested.state().isFinal() ? Optional.empty() : startIfFree(Application::start);
            try {
                if (localApplication.isPresent()) {
                    localApplication.get().bundle().operator().awaitDeletion(requested, config.timeLimit());
                }
                return reader.view(await(reader, requested));
            } finally {
                localApplication.ifPresent(Application::close);
            }
        }
    }

    /** A store that fails is not waited for: the deletion is continued later. */
    private Deletion await(SagaReader reader, Deletion requested) throws InterruptedException {
        String sagaId = requested.versions().get(0).sagaId();
        long end = System.nanoTime() + config.timeLimit().toNanos();
        Deletion deletion = requested;
        while (!deletion.state().isFinal() && deletion.attempts() == 0 && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(200);
            deletion = reader.findDeletionOfSaga(sagaId).orElseThrow();
        }
        return deletion;
    }

    /** Allows for two attempts: the requested one, and one that may already be running. */
    private void await(SagaCommands commands, String cleanupId) throws InterruptedException {
        long end = System.nanoTime()
                + config.operation()
                        .compensation()
                        .stepTimeout()
                        .multipliedBy(4)
                        .plusSeconds(10)
                        .toNanos();
        while (commands.isPending(cleanupId)) {
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

    private void await(SagaReader reader, String sagaId, Predicate<SagaState> until) throws InterruptedException {
        long end = System.nanoTime() + config.timeLimit().toNanos();
        while (!until.test(reader.findSaga(sagaId).orElseThrow().state()) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }
}
