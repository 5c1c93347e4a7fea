package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertNothingLeft;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StepState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.ProcessorEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store whose processor throws an Error. Camel alone does not turn it into a failure, and continues the route after
 * it when the thread is used again.
 */
@Tag("one-jdk")
@Timeout(120)
class StoreErrorTest {
    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private Path marks;

    /** Throws an Error once, and deletes its file. */
    public static final class Dying implements Processor {
        private Path broken = Path.of("");

        public void setBroken(String file) {
            broken = Path.of(file);
        }

        @Override
        public void process(Exchange exchange) throws IOException {
            if (Files.deleteIfExists(broken)) {
                throw new OutOfMemoryError("of the test's own store");
            }
        }
    }

    /** Component {@code dies}: endpoints that a recipient list chooses are not nodes of the route. */
    public static final class DyingComponent extends DefaultComponent {
        private final Dying dying = new Dying();

        public void setBroken(String file) {
            dying.setBroken(file);
        }

        @Override
        protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
            return new ProcessorEndpoint(uri, this, dying);
        }
    }

    /** Records how often it was reached. */
    public static final class Marking implements Processor {
        private Path marks = Path.of("");

        public void setMarks(String file) {
            marks = Path.of(file);
        }

        @Override
        public void process(Exchange exchange) throws IOException {
            Files.writeString(marks, exchange.getExchangeId() + "\n", StandardOpenOption.APPEND);
        }
    }

    /** @param steps of the store's write route, which may call another one that dies */
    private void start(String steps, String... settings) throws IOException {
        startWithCompensation(steps, "{log: nothing to remove}", settings);
    }

    private void startWithCompensation(String steps, String compensation, String... settings) throws IOException {
        Path broken = Files.createFile(directory.resolve("broken"));
        marks = Files.createFile(directory.resolve("marks"));
        Files.writeString(
                Files.createDirectories(directory.resolve("routes")).resolve("store-dying.camel.yaml"), """
                - beans:
                    - {name: dying, type: "%1$s", properties: {broken: "%2$s"}}
                    - {name: dies, type: "%4$s", properties: {broken: "%2$s"}}
                    - {name: marking, type: "%5$s", properties: {marks: "%6$s"}}
                - route:
                    id: saga-store-dying
                    from: {uri: direct:saga-store-dying, steps: [%3$s]}
                - route:
                    id: another
                    from: {uri: direct:another, steps: [{process: {ref: dying}}]}
                - route:
                    id: saga-store-dying-compensate
                    from: {uri: direct:saga-store-dying-compensate, steps: [%7$s]}
                """.formatted(
                                Dying.class.getName(),
                                broken,
                                steps,
                                DyingComponent.class.getName(),
                                Marking.class.getName(),
                                marks,
                                compensation));
        saga = StreamingSagaFixture.start(
                directory, Map.of("saga.participants", "security,dying,relational", "saga.concurrency", "1"), settings);
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{process: {ref: dying}}",
                "{to: direct:another}, {log: after}",
                "{multicast: {parallelProcessing: true, stopOnException: true, steps: [{to: direct:another}]}}"
            })
    void an_error_in_a_store_compensates_the_saga(String steps) throws Exception {
        start(steps);

        IngestResult result = saga.ingest(saga.text("keeper.txt", 20));

        assertNothingLeft(saga, result, Reason.STORE_FAILED);
        assertThat(result.message()).contains("step dying", "OutOfMemoryError: of the test's own store");
    }

    @Test
    void the_only_slot_is_free_again_and_the_next_saga_does_not_continue_the_lost_one() throws Exception {
        start("{process: {ref: dying}}");
        IngestResult first = saga.ingest(saga.text("first.txt", 20));

        for (int i = 0; i < 3; i++) {
            assertThat(saga.ingest(saga.text("next-" + i + ".txt", 20)).status())
                    .isEqualTo("COMPLETED");
        }

        assertThat(saga.journal()
                        .sagas()
                        .find(first.sagaId())
                        .orElseThrow()
                        .state()
                        .name())
                .isEqualTo("COMPENSATED");
    }

    /** Its thread must not be used again before its saga has ended: Camel would continue the route after the store. */
    @Test
    void a_lost_exchange_is_not_continued_by_other_sagas() throws Exception {
        lost("saga.concurrency", "2");
        String lost = lostId();

        for (int i = 0; i < 3; i++) {
            assertThat(saga.ingest(saga.text("next-" + i + ".txt", 20)).status())
                    .isEqualTo("COMPLETED");
        }

        assertThat(saga.journal().sagas().find(lost).orElseThrow().state()).isEqualTo(SagaState.PROCESSING);
        assertThat(saga.journal().steps().of(lost))
                .filteredOn(step -> step.name().equals("dying"))
                .extracting(StepRecord::state)
                .containsExactly(StepState.WRITING);
    }

    @Test
    void a_lost_exchange_ends_with_the_time_limit_and_never_continues() throws Exception {
        start(
                "{recipientList: {constant: 'dies:now'}}, {log: after}",
                "saga.time-limit",
                "10s",
                "saga.compensation.step-timeout",
                "1s");

        IngestResult lost = saga.ingest(saga.text("keeper.txt", 20));

        assertThat(lost.reason()).contains("TIMEOUT");
        for (int i = 0; i < 3; i++) {
            assertThat(saga.ingest(saga.text("next-" + i + ".txt", 20)).status())
                    .as("in the only slot")
                    .isEqualTo("COMPLETED");
        }
        assertThat(saga.journal().sagas().find(lost.sagaId()).orElseThrow().state())
                .isIn(SagaState.COMPENSATED, SagaState.PARTIALLY_COMPENSATED);
        assertThat(saga.journal().steps().of(lost.sagaId()))
                .extracting(StepRecord::state)
                .doesNotContain(StepState.WRITTEN);
    }

    /** A call that has timed out does not continue later: the next attempt compensates. */
    @Test
    void a_lost_compensation_is_not_continued_by_the_next() throws Exception {
        startWithCompensation(
                "{throwException: {exceptionType: java.lang.IllegalStateException, message: full}}",
                "{recipientList: {constant: 'dies:now'}}, {process: {ref: marking}}",
                "saga.compensation.step-timeout",
                "3s",
                "saga.compensation.retry-delay",
                "1s");

        IngestResult result = saga.ingest(saga.text("keeper.txt", 20));

        assertThat(result.reason()).isEqualTo("STORE_FAILED");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> saga.journal()
                                .sagas()
                                .find(result.sagaId())
                                .orElseThrow()
                                .state()
                        == SagaState.COMPENSATED);
        assertThat(saga.ingest(saga.text("next.txt", 20)).status()).isEqualTo("COMPENSATED");
        assertThat(marks).content().hasLineCount(2);
    }

    /** An ingest whose exchange Camel loses in the store, while its saga holds the only slot. */
    private CompletableFuture<IngestResult> lost(String... settings) throws Exception {
        start(
                "{recipientList: {constant: 'dies:now'}}, {log: after}",
                Stream.concat(
                                Stream.of("saga.recovery.lease", "2s", "saga.compensation.step-timeout", "1s"),
                                Stream.of(settings))
                        .toArray(String[]::new));
        Path file = saga.text("keeper.txt", 20);
        CompletableFuture<IngestResult> caller = Background.call("ingest", () -> saga.ingest(file));
        await().atMost(Duration.ofSeconds(60)).until(() -> Files.notExists(directory.resolve("broken")));
        return caller;
    }

    private String lostId() {
        return saga.journal().sagas().newest(1).get(0).sagaId();
    }

    @Test
    void a_lost_exchange_is_resumed_after_a_pause_and_its_caller_gets_the_outcome() throws Exception {
        CompletableFuture<IngestResult> caller =
                lost("saga.compensation.step-timeout", "5s"); // a shorter pause does not end the run
        String sagaId = lostId();

        assertThat(Internals.engine(saga.application().bundle()).pause(sagaId)).isTrue();
        Internals.recovery(saga.application().bundle())
                .resume(saga.journal().sagas().find(sagaId).orElseThrow());

        assertThat(caller.orTimeout(60, TimeUnit.SECONDS).join().status())
                .as("in the only slot")
                .isEqualTo("COMPLETED");
        assertThat(saga.journal().sagas().find(sagaId).orElseThrow().run()).isEqualTo(2);
    }

    /** A saga that another process took over frees its slot here, and the caller gets the outcome that it has there. */
    @Test
    void a_lost_exchange_frees_its_slot_when_another_process_has_the_saga() throws Exception {
        CompletableFuture<IngestResult> caller = lost("saga.recovery.mode", "compensate");
        String sagaId = lostId();

        saga.execute("journal", "UPDATE saga SET run = run + 1, node = 'another' WHERE saga_id = '" + sagaId + "'");

        assertThat(Background.call("next", () -> saga.ingest(saga.text("next.txt", 20)))
                        .orTimeout(60, TimeUnit.SECONDS)
                        .join()
                        .status())
                .isEqualTo("COMPLETED");
        assertThat(caller.orTimeout(60, TimeUnit.SECONDS).join().sagaId()).isEqualTo(sagaId);
        assertThat(saga.journal().sagas().find(sagaId).orElseThrow().state().isFinal())
                .isTrue();
    }

    @Test
    void a_lost_exchange_is_taken_over_again_when_its_compensation_fails() throws Exception {
        CompletableFuture<IngestResult> caller = lost();
        String sagaId = lostId();
        saga.execute(
                "journal",
                "CREATE TRIGGER refuse BEFORE UPDATE ON saga WHEN new.state IN ('COMPENSATED',"
                        + " 'PARTIALLY_COMPENSATED') "
                        + "BEGIN SELECT RAISE(ABORT, 'refused on purpose'); END");

        Internals.engine(saga.application().bundle()).cancel(sagaId);

        assertThatThrownBy(() -> caller.orTimeout(60, TimeUnit.SECONDS).join())
                .hasStackTraceContaining("journal does not accept its outcome");
        saga.execute("journal", "DROP TRIGGER refuse");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> saga.journal()
                        .sagas()
                        .find(sagaId)
                        .orElseThrow()
                        .state()
                        .isFinal());
        assertThat(saga.journal().sagas().find(sagaId).orElseThrow().reason()).contains(Reason.CANCELLED);
    }
}
