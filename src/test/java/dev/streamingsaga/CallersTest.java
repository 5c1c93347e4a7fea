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
 * A caller that waits for a saga is notified of its end, whatever happens to the run, and the concurrency limiter's
 * permit is released. Runs in a hub, whose routes and threads can be stopped.
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
    private final CountDownLatch released = new CountDownLatch(1);
    private final CountDownLatch alertStarted = new CountDownLatch(1);
    private final CountDownLatch alertReleased = new CountDownLatch(1);

    @BeforeEach
    void prepare() throws Exception {
        servers = new HubServers(directory);
        file = servers.text("a.txt", 10);
    }

    @AfterEach
    void stop() {
        released.countDown();
        alertReleased.countDown();
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

    /** @param write and {@code compensate}: the routes of the only store, {@code own} */
    private void start(Processor write, Processor compensate, Map<String, String> settings) throws Exception {
        create(settings);
        hub.getPropertiesComponent().addInitialProperty("saga.participants", "own");
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-own").process(write);
                from("direct:saga-store-own-compensate").process(compensate);
            }
        });
        hub.start();
    }

    private void start() throws Exception {
        create(Map.of());
        hub.addRoutes(new StreamingSaga());
        hub.start();
    }

    private void addBlockingAlertRoute() throws Exception {
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-alert").process(e -> {
                    alertStarted.countDown();
                    alertReleased.await();
                });
            }
        });
    }

    private void assertWaitsForTheAlert(CompletableFuture<IngestResult> caller) throws Exception {
        alertStarted.await();
        assertThatThrownBy(() -> caller.get(2, TimeUnit.SECONDS))
                .as("while the alert is being delivered")
                .isInstanceOf(TimeoutException.class);
        alertReleased.countDown();
    }

    /** Pauses a saga and returns when its caller has the result PAUSED. */
    private String paused() throws Exception {
        CompletableFuture<IngestResult> caller = ingesting();
        reached.await();
        String sagaId = sagaId();
        assertThat(Internals.engine(bundle()).pause(sagaId)).isTrue();
        released.countDown();
        assertThat(answer(caller).status()).isEqualTo("PAUSED");
        return sagaId;
    }

    private StreamingSaga bundle() {
        return hub.getRegistry().lookupByNameAndType("saga-bundle", StreamingSaga.class);
    }

    private IngestResult ingest(Path source) throws Exception {
        return bundle().operator().ingest(source);
    }

    private CompletableFuture<IngestResult> ingesting() {
        return Background.call("ingest", () -> ingest(file));
    }

    private static IngestResult answer(CompletableFuture<IngestResult> caller) {
        return caller.orTimeout(60, TimeUnit.SECONDS).join();
    }

    private String sagaId() {
        return Internals.journal(bundle()).sagas().newest(1).get(0).sagaId();
    }

    private void hang() throws InterruptedException {
        reached.countDown();
        released.await();
    }

    private static void fail() {
        throw new IllegalStateException("full");
    }

    private void journal(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + directory.resolve("saga-journal.db") + "?busy_timeout=10000");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** As if the system had no thread left: no run starts, so only the caller could notice before the time limit. */
    @Test
    void compensates_at_once_a_run_that_cannot_begin() throws Exception {
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
    void compensates_at_once_a_run_whose_route_was_stopped() throws Exception {
        start();
        hub.getRouteController().stopRoute("saga-attempt");

        IngestResult result = answer(ingesting());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.message()).contains("direct://saga-attempt");
        hub.getRouteController().startRoute("saga-attempt");
        assertThat(ingest(file).status()).isEqualTo("COMPLETED");
    }

    @Test
    void a_hanging_store_does_not_block_the_caller_after_the_end_of_the_saga() throws Exception {
        start(e -> hang(), e -> {}, Map.of());
        CompletableFuture<IngestResult> caller = ingesting();
        reached.await();

        Internals.engine(bundle()).cancel(sagaId());

        IngestResult result = answer(caller);
        assertThat(result.reason()).as("%s", result).isEqualTo("CANCELLED");
        assertThat(result.status()).as("the store's write may still arrive").isEqualTo("PARTIALLY_COMPENSATED");
        released.countDown(); // until here the store hangs
        assertThat(ingest(file).status()).as("after the store has recovered").isEqualTo("COMPLETED");
    }

    /**
     * A command may end its process after it has printed the outcome: by then the alert must be delivered and the
     * reports written.
     */
    @Test
    void answers_the_caller_of_a_failed_saga_after_delivery_of_its_alert() throws Exception {
        start(e -> fail(), e -> fail(), Map.of());
        addBlockingAlertRoute();
        CompletableFuture<IngestResult> caller = ingesting();

        assertWaitsForTheAlert(caller);

        assertThat(answer(caller).status()).isEqualTo("PARTIALLY_COMPENSATED");
    }

    @Test
    void answers_a_waiter_of_a_paused_saga_after_delivery_of_its_alert() throws Exception {
        start(e -> hang(), e -> fail(), Map.of("saga.compensation.step-timeout", "60s"));
        addBlockingAlertRoute();
        String paused = paused();
        CompletableFuture<IngestResult> waiting =
                Background.call("wait", () -> Internals.ingest(bundle()).await(paused));

        Internals.engine(bundle()).cancel(paused);

        assertWaitsForTheAlert(waiting);
        assertThat(answer(waiting).status()).isEqualTo("PARTIALLY_COMPENSATED");
    }

    @Test
    void compensates_a_saga_even_if_no_compensation_thread_can_start() throws Exception {
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
        assertThat(Internals.engine(bundle()).busy()).isEmpty();
    }

    @Test
    void notifies_the_caller_if_another_process_takes_over_during_compensation() throws Exception {
        start(
                e -> fail(),
                e -> journal("UPDATE saga SET run = 2, node = 'another' WHERE run = 1"),
                Map.of("saga.recovery.mode", "compensate", "saga.compensation.step-timeout", "60s"));

        IngestResult result = answer(ingesting());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.runs())
                .as("recovered after the other process's lease had expired")
                .isGreaterThan(2);
    }

    @Test
    void notifies_the_caller_of_a_pause_while_a_store_hangs() throws Exception {
        start(e -> hang(), e -> {}, Map.of("saga.concurrency", "1"));
        CompletableFuture<IngestResult> caller = ingesting();
        reached.await();
        String paused = sagaId();

        assertThat(Internals.engine(bundle()).pause(paused)).isTrue();

        assertThat(answer(caller).status()).isEqualTo("PAUSED");
        CompletableFuture<IngestResult> next = Background.call("next", () -> ingest(servers.text("next.txt", 10)));
        await().atMost(Duration.ofSeconds(60))
                .until(() ->
                        Internals.journal(bundle()).sagas().newest(1).get(0).state() == SagaState.PROCESSING);
        released.countDown();
        assertThat(answer(next).status()).as("with the only permit").isEqualTo("COMPLETED");
        Internals.recovery(bundle())
                .resume(Internals.journal(bundle()).sagas().find(paused).orElseThrow())
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        assertThat(Internals.journal(bundle())
                        .sagas()
                        .find(paused)
                        .orElseThrow()
                        .state())
                .isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void recovers_a_resumed_run_whose_route_was_stopped() throws Exception {
        start(e -> hang(), e -> {}, Map.of());
        String paused = paused();
        hub.getRouteController().stopRoute("saga-resume");

        CompletableFuture<SagaState> end = Internals.recovery(bundle())
                .resume(Internals.journal(bundle()).sagas().find(paused).orElseThrow());

        assertThatThrownBy(() -> end.orTimeout(60, TimeUnit.SECONDS).join())
                .hasStackTraceContaining("direct://saga-resume");
        hub.getRouteController().startRoute("saga-resume");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> Internals.journal(bundle())
                                .sagas()
                                .find(paused)
                                .orElseThrow()
                                .state()
                        == SagaState.COMPLETED);
    }
}
