package dev.streamingsaga.cli;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Journal.Wish;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Tells whichever process runs a saga what a person wants of it, through the journal. If none works in the data directory, this
 * process takes the saga up itself.
 */
final class RemoteControl {
    private final SagaConfig config;

    RemoteControl(SagaConfig config) {
        this.config = config;
    }

    /**
     * @param until when the wish is fulfilled
     * @return the saga then, or as it is when the time limit has passed
     */
    SagaRecord wish(String sagaId, Wish wish, Predicate<SagaState> until) throws InterruptedException {
        try (JournalReader reader = new JournalReader(config)) {
            Journal journal = reader.journal();
            SagaRecord saga = journal.saga(sagaId).orElseThrow(() -> new UsageException("no saga " + sagaId + "; list shows them"));
            if (saga.state().isFinal()) {
                throw new UsageException("saga " + sagaId + " is " + saga.state() + " already");
            }
            journal.wish(sagaId, wish);
            Optional<Application> own = startIfFree();
            try {
                return await(journal, sagaId, until);
            } finally {
                own.ifPresent(Application::close);
            }
        }
    }

    private Optional<Application> startIfFree() {
        Workplace.prepare(config.dataDir());
        try {
            return Optional.of(Application.start(config));
        } catch (ConfigException busy) {
            return Optional.empty();
        }
    }

    private SagaRecord await(Journal journal, String sagaId, Predicate<SagaState> until) throws InterruptedException {
        long end = System.nanoTime() + config.timeLimit().toNanos();
        SagaRecord saga = journal.saga(sagaId).orElseThrow();
        while (!until.test(saga.state()) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(200);
            saga = journal.saga(sagaId).orElseThrow();
        }
        return saga;
    }
}
