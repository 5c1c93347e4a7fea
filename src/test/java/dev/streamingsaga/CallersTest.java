package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.HubServers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.CamelContext;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.spi.ThreadPoolProfile;
import org.apache.camel.support.DefaultThreadPoolFactory;
import org.apache.camel.support.service.ServiceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever waits for a saga hears of its end, whatever becomes of its run, and its place is free again. In a hub, whose
 * routes and threads can be taken away.
 */
@Tag("one-jdk")
@Timeout(120)
class CallersTest {
    @TempDir
    Path directory;

    private HubServers servers;
    private CamelContext hub;
    private Path file;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch goesOn = new CountDownLatch(1);
    private final CountDownLatch telling = new CountDownLatch(1);
    private final CountDownLatch told = new CountDownLatch(1);

    @BeforeEach
    void prepare() throws Exception {
        servers = new HubServers(directory);
        file = servers.text("a.txt", 10);
    }

    @AfterEach
    void stop() {
        goesOn.countDown();
        told.countDown();
        hub.stop();
        servers.close();
    }

    private void create(Map<String, String> settings) {
        Map<String, String> properties = servers.properties("saga");
        properties.put("saga.compensation.step-timeout", "1s");
        properties.putAll(settings);
        hub = HubServers.context(properties);
        hub.getComponent("direct", DirectComponent.class).setTimeout(100);
    }

    /** @param write and {@code undo} of the only store, {@code own} */
    private void start(Processor write, Processor undo, Map<String, String> settings) throws Exception {
        create(settings);
        hub.getPropertiesComponent().addInitialProperty("saga.participants", "own");
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-own").process(write);
                from("direct:saga-store-own-compensate").process(undo);
            }
        });
        hub.start();
    }

    private void start() throws Exception {
        create(Map.of());
        hub.addRoutes(new StreamingSaga());
        hub.start();
    }

    private void tellWhenAsked() throws Exception {
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-alert").process(e -> {
                    telling.countDown();
                    told.await();
                });
            }
        });
    }

    private void assertNotAnsweredWhileItIsTold(CompletableFuture<IngestResult> caller) throws Exception {
        telling.await();
        assertThatThrownBy(() -> caller.get(2, TimeUnit.SECONDS))
                .as("while it is told")
                .isInstanceOf(TimeoutException.class);
        told.countDown();
    }

    /** A saga whose caller has heard that it is paused. */
    private String paused() throws Exception {
        CompletableFuture<IngestResult> caller = ingesting();
        reached.await();
        String sagaId = sagaId();
        assertThat(bundle().engine().pause(sagaId)).isTrue();
        goesOn.countDown();
        assertThat(answer(caller).status()).isEqualTo("PAUSED");
        return sagaId;
    }

    private StreamingSaga bundle() {
        return hub.getRegistry().lookupByNameAndType("saga-bundle", StreamingSaga.class);
    }

    private IngestResult ingest(Path source) throws Exception {
        return bundle().ingest(source);
    }

    private CompletableFuture<IngestResult> ingesting() {
        return Background.call("ingest", () -> ingest(file));
    }

    private static IngestResult answer(CompletableFuture<IngestResult> caller) {
        return caller.orTimeout(60, TimeUnit.SECONDS).join();
    }

    private String sagaId() {
        return bundle().journal().sagas(1).get(0).sagaId();
    }

    private void hang() throws InterruptedException {
        reached.countDown();
        goesOn.await();
    }

    private static void full() {
        throw new IllegalStateException("full");
    }

    private void journal(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + directory.resolve("saga-journal.db") + "?busy_timeout=10000");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /**
     * As when the system gives no thread: nobody runs it, so nobody but the caller would notice before the time limit.
     */
    @Test
    void a_run_that_cannot_begin_is_undone_at_once() throws Exception {
        start();
        Processor tap = hub.getProcessor("saga-receive-tap");
        ServiceHelper.stopService(tap);

        IngestResult result = answer(ingesting());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.message()).contains("could not begin", "not been started");
        ServiceHelper.startService(tap);
        assertThat(ingest(file).status()).isEqualTo("COMPLETED");
    }

    @Test
    void a_run_whose_route_was_stopped_is_undone_at_once() throws Exception {
        start();
        hub.getRouteController().stopRoute("saga-attempt");

        IngestResult result = answer(ingesting());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.message()).contains("direct://saga-attempt");
        hub.getRouteController().startRoute("saga-attempt");
        assertThat(ingest(file).status()).isEqualTo("COMPLETED");
    }

    @Test
    void a_store_that_hangs_does_not_keep_the_caller_of_a_saga_that_has_ended() throws Exception {
        start(e -> hang(), e -> {}, Map.of());
        CompletableFuture<IngestResult> caller = ingesting();
        reached.await();

        bundle().engine().cancel(sagaId());

        IngestResult result = answer(caller);
        assertThat(result.reason()).as("%s", result).isEqualTo("CANCELLED");
        assertThat(result.status()).as("what it writes may still arrive").isEqualTo("PARTIALLY_COMPENSATED");
        goesOn.countDown(); // until here it hangs
        assertThat(ingest(file).status()).as("when it hangs no more").isEqualTo("COMPLETED");
    }

    /**
     * A command that prints the outcome may end its process: by then the alert must be told and the reports be written.
     */
    @Test
    void the_caller_of_a_failed_saga_is_answered_when_its_alert_has_been_told() throws Exception {
        start(e -> full(), e -> full(), Map.of());
        tellWhenAsked();
        CompletableFuture<IngestResult> caller = ingesting();

        assertNotAnsweredWhileItIsTold(caller);

        assertThat(answer(caller).status()).isEqualTo("PARTIALLY_COMPENSATED");
    }

    @Test
    void whoever_waits_for_a_saga_that_nobody_runs_is_answered_when_its_alert_has_been_told() throws Exception {
        start(e -> hang(), e -> full(), Map.of("saga.compensation.step-timeout", "60s"));
        tellWhenAsked();
        String paused = paused();
        CompletableFuture<IngestResult> waiting =
                Background.call("wait", () -> bundle().ingest().await(paused));

        bundle().engine().cancel(paused);

        assertNotAnsweredWhileItIsTold(waiting);
        assertThat(answer(waiting).status()).isEqualTo("PARTIALLY_COMPENSATED");
    }

    @Test
    void a_saga_is_undone_though_there_is_no_thread_to_undo_it_on() throws Exception {
        create(Map.of());
        AtomicInteger refused = new AtomicInteger();
        hub.getExecutorServiceManager().setThreadPoolFactory(new DefaultThreadPoolFactory() {
            @Override
            public ExecutorService newThreadPool(ThreadPoolProfile profile, ThreadFactory threads) {
                return super.newThreadPool(profile, task -> {
                    Thread thread = threads.newThread(task);
                    if (thread.getName().contains("saga-compensator")) {
                        refused.incrementAndGet();
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                    return thread;
                });
            }
        });
        hub.addRoutes(new StreamingSaga());
        hub.start();

        assertThat(answer(Background.call("ingest", () -> ingest(directory.resolve("nowhere"))))
                        .status())
                .isEqualTo("COMPENSATED");
        assertThat(refused).hasPositiveValue();
        assertThat(bundle().engine().busy()).isEmpty();
    }

    @Test
    void the_caller_of_a_saga_that_another_process_took_over_while_it_was_undone_hears_of_its_end() throws Exception {
        start(
                e -> full(),
                e -> journal("UPDATE saga SET run = 2, node = 'another' WHERE run = 1"),
                Map.of("saga.recovery.mode", "compensate", "saga.compensation.step-timeout", "60s"));

        IngestResult result = answer(ingesting());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.runs())
                .as("taken back when the other's lease had run out")
                .isGreaterThan(2);
    }

    @Test
    void the_caller_of_a_saga_that_is_paused_while_its_store_hangs_hears_of_the_pause() throws Exception {
        start(e -> hang(), e -> {}, Map.of("saga.concurrency", "1"));
        CompletableFuture<IngestResult> caller = ingesting();
        reached.await();
        String paused = sagaId();

        assertThat(bundle().engine().pause(paused)).isTrue();

        assertThat(answer(caller).status()).isEqualTo("PAUSED");
        CompletableFuture<IngestResult> next = Background.call("next", () -> ingest(servers.text("next.txt", 10)));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> bundle().journal().sagas(1).get(0).state() == SagaState.PROCESSING);
        goesOn.countDown();
        assertThat(answer(next).status()).as("in the only place").isEqualTo("COMPLETED");
        bundle().recovery()
                .resume(bundle().journal().saga(paused).orElseThrow())
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        assertThat(bundle().journal().saga(paused).orElseThrow().state()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void a_resumed_run_whose_route_was_stopped_is_taken_up_again() throws Exception {
        start(e -> hang(), e -> {}, Map.of());
        String paused = paused();
        hub.getRouteController().stopRoute("saga-resume");

        CompletableFuture<SagaState> end =
                bundle().recovery().resume(bundle().journal().saga(paused).orElseThrow());

        assertThatThrownBy(() -> end.orTimeout(60, TimeUnit.SECONDS).join())
                .hasStackTraceContaining("direct://saga-resume");
        hub.getRouteController().startRoute("saga-resume");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> bundle().journal().saga(paused).orElseThrow().state() == SagaState.COMPLETED);
    }
}
