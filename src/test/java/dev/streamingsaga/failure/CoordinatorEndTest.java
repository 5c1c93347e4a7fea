package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * FP-37 at the end of a saga: the coordinator dies or hangs when the saga closes or cancels its LRA. LRA ids contain
 * the URL by which the coordinator was called, so a proxy in front of it sees every request.
 */
@Tag("one-jdk")
@Timeout(120)
@Tag("own-jvm")
class CoordinatorEndTest {
    private static final Predicate<ProxiedRequest> CLOSE = method("PUT").and(keyEndsWith("/close"));
    private static final Predicate<ProxiedRequest> CANCEL = method("PUT").and(keyEndsWith("/cancel"));

    @TempDir
    Path directory;

    private FaultProxy coordinator;
    private StreamingSagaFixture saga;
    private Path file;

    @BeforeEach
    void start() throws IOException {
        coordinator = new FaultProxy(StreamingSagaFixture.coordinator());
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.coordinator.url",
                        coordinator.uri() + StreamingSagaFixture.coordinator().getPath(),
                        "saga.coordinator.timeout",
                        "2s"));
        file = saga.text("keeper.txt", 20);
    }

    @AfterEach
    void stop() {
        saga.close();
        coordinator.close();
    }

    @Test
    void fp_37_the_coordinator_refuses_at_close() {
        assertCompensatedByTheJournal(coordinator.when(CLOSE).always().refuse());
    }

    @Test
    void fp_37_the_coordinator_hangs_at_close() {
        assertCompensatedByTheJournal(coordinator.when(CLOSE).always().hang());
    }

    @Test
    void fp_37_the_coordinator_dies_at_close() {
        assertCompensatedByTheJournal(coordinator.when(CLOSE).beforeForward(coordinator::down));
    }

    /** The coordinator never receives the close. The journal alone decides the outcome, and there is only one. */
    private void assertCompensatedByTheJournal(FaultRule fault) {
        IngestResult compensated = saga.ingest(file);

        assertThat(fault.applied()).isPositive();
        assertThat(compensated.status()).as("%s", compensated).isEqualTo("COMPENSATED");
        assertThat(compensated.reason()).isEqualTo("COORDINATOR_UNAVAILABLE");
        saga.assertNothingAnywhere();
        assertCompletesAfterRepair();
    }

    /** The coordinator closed the LRA and called the participants; only its answer was lost. */
    @Test
    void fp_37_the_answer_to_close_is_lost() {
        FaultRule fault = coordinator.when(CLOSE).loseReply();

        IngestResult done = saga.ingest(file);

        assertThat(fault.applied()).isOne();
        assertThat(done.status()).as("%s", done).isEqualTo("COMPLETED");
        assertThat(done.errors()).isEmpty();
        assertThat(saga.keys()).hasSize(2);
        assertThat(saga.number("relational", "SELECT count(*) FROM relational_document WHERE visible = 1"))
                .isOne();
    }

    /**
     * The worst order: the close timed out and the saga was compensated, and then the coordinator receives the close.
     */
    @Test
    void fp_37_the_close_arrives_after_the_journal_has_compensated() {
        CountDownLatch late = new CountDownLatch(1);
        coordinator.when(CLOSE).delay(late);

        IngestResult compensated = saga.ingest(file);
        late.countDown();
        await().until(() -> coordinator.requests().stream()
                .anyMatch(request -> CLOSE.test(request) && request.upstreamStatus() != 0));

        assertThat(compensated.status()).as("%s", compensated).isEqualTo("COMPENSATED");
        assertThat(saga.journal()
                        .sagas()
                        .find(compensated.sagaId())
                        .orElseThrow()
                        .state())
                .isEqualTo(SagaState.COMPENSATED);
        saga.assertNothingAnywhere();
        assertCompletesAfterRepair();
    }

    @Test
    void fp_37_the_coordinator_refuses_at_cancel() {
        assertCompensatedForItsOwnReason(coordinator.when(CANCEL).always().refuse());
    }

    @Test
    void fp_37_the_coordinator_hangs_at_cancel() {
        assertCompensatedForItsOwnReason(coordinator.when(CANCEL).always().hang());
    }

    @Test
    void fp_37_the_coordinator_dies_at_cancel() {
        assertCompensatedForItsOwnReason(coordinator.when(CANCEL).beforeForward(coordinator::down));
    }

    @Test
    void fp_37_the_answer_to_cancel_is_lost() {
        assertCompensatedForItsOwnReason(coordinator.when(CANCEL).loseReply());
    }

    /** The outcome has the first failure as its reason, not the missing coordinator of the compensation. */
    private void assertCompensatedForItsOwnReason(FaultRule fault) {
        saga.execute(
                "relational",
                "CREATE TRIGGER refuse BEFORE INSERT ON relational_document BEGIN SELECT RAISE(ABORT, 'refused on"
                        + " purpose'); END");

        IngestResult compensated = saga.ingest(file);

        assertThat(fault.applied()).isPositive();
        assertThat(compensated.status()).as("%s", compensated).isEqualTo("COMPENSATED");
        assertThat(compensated.reason()).isEqualTo("STORE_FAILED");
        assertThat(compensated.message()).contains("relational", "refused on purpose");
        saga.assertNothingAnywhere();
        saga.execute("relational", "DROP TRIGGER refuse");
        assertCompletesAfterRepair();
    }

    private void assertCompletesAfterRepair() {
        coordinator.clearRules();
        coordinator.up();
        LateFailure.assertCompletes(saga, file);
        assertThat(coordinator.count(CLOSE)).as("closes seen by the proxy").isPositive();
    }
}
