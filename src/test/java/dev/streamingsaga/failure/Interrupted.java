package dev.streamingsaga.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A saga that was stopped in the middle of its first run, as if its process had died: nothing is compensated, and
 * another run has to continue it.
 */
record Interrupted(StreamingSagaFixture saga, String sagaId) {

    /** A running saga on a thread of its own. */
    record UnderWay(StreamingSagaFixture saga, String sagaId, CompletableFuture<IngestResult> end) {
        IngestResult result() {
            return end.orTimeout(60, TimeUnit.SECONDS).join();
        }

        SagaRecord record() {
            return saga.journal().sagas().find(sagaId).orElseThrow();
        }

        /** A compensation may end before the test sees it running. */
        void awaitState(SagaState state) {
            await().until(() -> record().state() == state
                    || state == SagaState.COMPENSATING && record().state().isFinal());
        }
    }

    /** Begins a saga and returns when {@code reached} opens. */
    static UnderWay begin(StreamingSagaFixture saga, Path file, CountDownLatch reached) throws InterruptedException {
        CompletableFuture<IngestResult> end = Background.run("ingest", () -> saga.ingest(file));
        assertThat(reached.await(60, TimeUnit.SECONDS)).as("reached").isTrue();
        return new UnderWay(saga, saga.journal().sagas().newest(1).get(0).sagaId(), end);
    }

    /** Stops it there; runs {@code release} after the journal has recorded the stop, so that the held step can end. */
    static Interrupted stop(UnderWay running, Runnable release) {
        CompletableFuture<Boolean> paused = Background.run(
                "pause",
                () -> Internals.engine(running.saga().application().bundle()).pause(running.sagaId()));
        running.awaitState(SagaState.PAUSED);
        release.run();
        assertThat(paused.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        assertThat(running.result().status()).isEqualTo("PAUSED");
        return new Interrupted(running.saga(), running.sagaId());
    }

    /** Runs the next run to its end. */
    IngestResult resume() {
        Internals.recovery(saga.application().bundle())
                .resume(saga.journal().sagas().find(sagaId).orElseThrow())
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        return result();
    }

    /** As after a crash: another process owns the saga, and the next process that starts takes it over. */
    IngestResult restart() {
        saga.execute("journal", "UPDATE saga SET state = 'UPLOADING', node = 'dead' WHERE saga_id = '" + sagaId + "'");
        saga.restart();
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> saga.journal()
                        .sagas()
                        .find(sagaId)
                        .orElseThrow()
                        .state()
                        .isFinal());
        return result();
    }

    IngestResult result() {
        return Internals.ingest(saga.application().bundle()).result(sagaId);
    }
}
