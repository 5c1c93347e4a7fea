package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StepState;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.HubServers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.builder.RouteConfigurationBuilder;
import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.model.SagaPropagation;
import org.apache.camel.saga.InMemorySagaService;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.EventNotifierSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Instances in a hub's Camel context, with a real bucket and a real coordinator. */
@Tag("one-jdk")
@Timeout(120)
class HubTest {
    @TempDir
    Path directory;

    private HubServers servers;
    private Optional<CamelContext> running = Optional.empty();

    @BeforeEach
    void start() {
        servers = new HubServers(directory);
    }

    @AfterEach
    void stop() {
        running.ifPresent(CamelContext::stop);
        servers.close();
    }

    @Test
    void one_line_adds_an_instance_to_a_context() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());
        hub.start();

        IngestResult result = ingest(hub, "saga", servers.text("a.txt", 10));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(servers.keys())
                .allMatch(key -> key.startsWith("saga/"))
                .anyMatch(key -> key.endsWith("/chunk-000000"));
    }

    @Test
    void an_instance_can_be_added_to_a_started_context() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.start();
        hub.addRoutes(new StreamingSaga());

        assertThat(ingest(hub, "saga", servers.text("a.txt", 10)).status()).isEqualTo("COMPLETED");

        hub.stop();
        hub.start();

        assertThat(ingest(hub, "saga", servers.text("b.txt", 20)).status()).isEqualTo("COMPLETED");
    }

    @Test
    void a_context_can_be_stopped_and_started_again() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());
        hub.start();
        IngestResult first = ingest(hub, "saga", servers.text("a.txt", 10));

        hub.stop();
        assertThat(hub.getRoutes()).isEmpty();
        hub.start();

        assertThat(ingest(hub, "saga", servers.text("b.txt", 20)).status()).isEqualTo("COMPLETED");
        assertThat(Internals.journal(bundle(hub, "saga")).sagas().find(first.sagaId()))
                .isPresent();
    }

    @Test
    void a_running_saga_resumes_when_its_context_is_restarted() throws Exception {
        CamelContext hub = hubWith(Map.of("saga.participants", "notes"));
        hub.addRoutes(new StreamingSaga());
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        AtomicInteger written = new AtomicInteger();
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-notes").process(e -> {
                    written.incrementAndGet();
                    reached.countDown();
                    held.await();
                });
                from("direct:saga-store-notes-compensate").process(e -> written.addAndGet(-100));
            }
        });
        hub.start();
        CompletableFuture<IngestResult> call =
                Background.call("ingest", () -> ingest(hub, "saga", servers.text("a.txt", 10)));
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
        ActiveRun run = Internals.runs(bundle(hub, "saga")).all().iterator().next();

        CompletableFuture<Boolean> stopped = Background.run("stop", () -> {
            hub.stop();
            return true;
        });
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> run.revocation().isPresent());
        held.countDown();
        assertThat(call.handle((result, failure) -> failure != null)
                        .orTimeout(60, TimeUnit.SECONDS)
                        .join())
                .as("the caller is notified")
                .isTrue();
        assertThat(stopped.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        hub.start();

        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> Internals.journal(bundle(hub, "saga"))
                        .sagas()
                        .find(run.sagaId())
                        .orElseThrow()
                        .state()
                        .isFinal());
        assertThat(Internals.journal(bundle(hub, "saga"))
                        .sagas()
                        .find(run.sagaId())
                        .orElseThrow()
                        .state()
                        .name())
                .isEqualTo("COMPLETED");
        assertThat(written).as("never compensated").hasValueBetween(1, 2);
    }

    @Test
    void a_stopped_context_keeps_no_thread_port_or_lock() throws Exception {
        // Loads first what a JVM starts only once, so that it does not count as the instance's.
        runOnce("a.txt");
        Set<Thread> before = threads();
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());
        hub.start();
        ingest(hub, "saga", servers.text("b.txt", 10));
        assertThat(threads())
                .as("the instance has threads, otherwise this test would prove nothing")
                .hasSizeGreaterThan(before.size());

        hub.stop();

        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            // Before Java 21 an HTTP client's thread ends only when the client is garbage-collected.
            System.gc();
            Set<Thread> remaining = threads();
            remaining.removeAll(before);
            assertThat(remaining).extracting(Thread::getName).isEmpty();
        });
        runOnce("c.txt");
    }

    @Test
    void a_context_that_was_never_started_opens_nothing() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());

        assertThat(directory.resolve("data-saga")).doesNotExist();
        assertThat(directory.resolve("saga-journal.db")).doesNotExist();
    }

    @Test
    void two_instances_share_only_their_context() throws Exception {
        Map<String, String> both = servers.properties("saga");
        both.putAll(servers.properties("archive"));
        both.remove("archive.data.dir");
        both.put("archive.data.dir", directory.resolve("other").toString());
        CamelContext hub = hub(both);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new StreamingSaga("archive"));
        hub.start();
        Path file = servers.text("a.txt", 10);

        List<String> orphans = new CopyOnWriteArrayList<>();
        IngestResult one = ingest(hub, "saga", file);
        IngestResult other = ingest(hub, "archive", file);

        assertThat(List.of(one.status(), other.status())).containsOnly("COMPLETED");
        assertThat(Internals.journal(bundle(hub, "saga")).sagas().find(other.sagaId()))
                .isEmpty();
        assertThat(Internals.journal(bundle(hub, "archive")).sagas().find(one.sagaId()))
                .isEmpty();
        assertThat(servers.keys()).anyMatch(key -> key.startsWith("saga/")).anyMatch(key -> key.startsWith("archive/"));
        assertThat(hub.getRoutes())
                .extracting(route -> route.getRouteId().replaceFirst("-.*", ""))
                .containsOnly("saga", "archive");
        bundle(hub, "saga").operator().listOrphans(orphan -> orphans.add(orphan.toString()));
        assertThat(orphans).isEmpty();
    }

    @Test
    void rejects_a_second_instance_with_the_same_name() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());

        assertThatThrownBy(() -> hub.addRoutes(new StreamingSaga()))
                .hasMessageContaining("the context already has an instance saga");
    }

    @Test
    void rejects_two_instances_with_the_same_data_directory() throws Exception {
        Map<String, String> both = servers.properties("saga");
        both.putAll(servers.properties("archive"));
        both.put("archive.data.dir", both.get("saga.data.dir"));
        CamelContext hub = hub(both);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new StreamingSaga("archive"));

        assertThatThrownBy(hub::start).hasMessageContaining("is in use by this process already");
    }

    @Test
    void reports_all_missing_and_invalid_settings_at_once() throws Exception {
        CamelContext hub = hub(
                Map.of("archive.chunk.size", "1MiB", "archive.cunk.size", "8MiB", "archive.participants", "security"));
        hub.addRoutes(new StreamingSaga("archive"));

        assertThatThrownBy(hub::start)
                .hasMessageContainingAll(
                        "archive.chunk.size must be a size such as 8MiB from 5MiB to 64MiB, was \"1MiB\"",
                        "archive.cunk.size is not a setting",
                        "no LRA coordinator: set archive.coordinator.url, or add an LRASagaService",
                        "no bucket: set archive.s3.endpoint, or bind an S3Client in the registry as archiveS3Client,"
                                + " or as the only bean of its type",
                        "no database for journal, security: set archive.journal.url, archive.store.security.url,"
                                + " or bind a DataSource in the registry"
                                + " as archiveDataSource, or as the only bean of its type");
    }

    @Test
    void a_participant_without_routes_prevents_the_start_of_the_context() throws Exception {
        CamelContext hub = hubWith(Map.of("saga.participants", "notes"));
        hub.addRoutes(new StreamingSaga());

        assertThatThrownBy(hub::start)
                .hasMessageContainingAll("direct:saga-store-notes", "direct:saga-store-notes-compensate");
        assertThat(hub.getStatus().isStarted()).isFalse();
    }

    @Test
    void writes_and_compensates_the_hubs_own_stores() throws Exception {
        CamelContext hub = hubWith(Map.of("saga.participants", "notes,late"));
        List<String> notes = new CopyOnWriteArrayList<>();
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-notes")
                        .process(e -> notes.add(
                                e.getMessage().getBody(Map.class).get("sagaId").toString()));
                from("direct:saga-store-notes-compensate")
                        .process(e -> notes.remove(
                                e.getMessage().getBody(Map.class).get("sagaId").toString()));
                from("direct:saga-store-late").process(e -> {
                    if (e.getMessage().getBody(Map.class).get("fileName").equals("bad.txt")) {
                        throw new IllegalStateException("no room for " + notes.size());
                    }
                });
                from("direct:saga-store-late-compensate").log("nothing to undo");
            }
        });
        hub.start();

        IngestResult good = ingest(hub, "saga", servers.text("good.txt", 10));
        IngestResult bad = ingest(hub, "saga", servers.text("bad.txt", 20));

        assertThat(good.status()).as("%s", good).isEqualTo("COMPLETED");
        assertThat(bad.status()).as("%s", bad).isEqualTo("COMPENSATED");
        assertThat(bad.message()).contains("no room for 2");
        assertThat(notes).containsExactly(good.sagaId());
    }

    @Test
    void a_file_consumer_ingests_its_file_and_receives_json() throws Exception {
        Path drop = Files.createDirectories(directory.resolve("drop"));
        Path out = directory.resolve("out");
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("file:" + drop + "?move=.done/${file:name}&initialDelay=0&delay=100")
                        .to("direct:saga-ingest")
                        .to("file:" + out + "?fileName=${header.CamelFileName}.json&tempPrefix=.");
            }
        });
        hub.addRoutes(new StreamingSaga());
        hub.start();

        Files.writeString(directory.resolve("report.txt"), "complete");
        Files.move(directory.resolve("report.txt"), drop.resolve("report.txt"));

        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() ->
                        Files.exists(drop.resolve(".done/report.txt")) && Files.exists(out.resolve("report.txt.json")));
        assertThat(out.resolve("report.txt.json"))
                .content()
                .startsWith("{\"file\":")
                .contains("report.txt\"", "\"status\":\"COMPLETED\"");
    }

    /** Camel does not fail the exchange for an Error, and would continue it when its thread is reused. */
    @Test
    void compensates_a_saga_when_a_hubs_store_throws_an_error() throws Exception {
        CamelContext hub = hubWith(Map.of("saga.participants", "dying"));
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-dying").to("direct:elsewhere").log("written");
                from("direct:elsewhere").process(e -> {
                    throw new OutOfMemoryError("of the test's own store");
                });
                from("direct:saga-store-dying-compensate").log("nothing to undo");
            }
        });
        hub.addRoutes(new StreamingSaga());
        hub.start();

        IngestResult result = ingest(hub, "saga", servers.text("a.txt", 10));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.message()).contains("OutOfMemoryError: of the test's own store");
    }

    @Test
    void no_error_guard_stays_in_a_context_that_has_stopped() throws Exception {
        Map<String, String> properties = new HashMap<>(servers.properties("saga"));
        properties.putAll(servers.properties("archive"));
        CamelContext hub = hub(properties);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new StreamingSaga("archive"));
        List<InterceptStrategy> interceptors = hub.getCamelContextExtension().getInterceptStrategies();

        for (int round = 0; round < 2; round++) {
            hub.start();
            assertThat(interceptors).as("one for each instance").hasSize(2);
            hub.stop();
            assertThat(interceptors).isEmpty();
        }
    }

    /** The store's routes were built without the error guard: Camel loses the exchange. */
    @Test
    void an_error_in_a_store_added_before_the_instance_ends_at_the_time_limit() throws Exception {
        CamelContext hub = hubWithDyingStore("10s");
        hub.start();
        hub.addRoutes(new StreamingSaga());

        IngestResult result = ingest(hub, "saga", servers.text("a.txt", 10));

        assertThat(result.reason()).as("%s", result).isEqualTo("TIMEOUT");
        assertThat(Internals.journal(bundle(hub, "saga")).steps().of(result.sagaId()))
                .filteredOn(step -> step.name().equals("dying"))
                .extracting(StepRecord::state)
                .as("it was reached")
                .doesNotContain(StepState.PENDING);
    }

    @Test
    void warns_of_a_store_added_before_the_instance_until_its_routes_are_rebuilt() throws Exception {
        CamelContext hub = hubWithDyingStore("5m");
        hub.start();
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Logger log = (Logger) LoggerFactory.getLogger(SagaEngine.class);
        log.addAppender(lines);
        try {
            hub.addRoutes(new StreamingSaga());
            hub.stop();
            hub.start();
        } finally {
            log.detachAppender(lines);
        }

        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .singleElement()
                .asString()
                .contains("writes, undoes", "before instance saga", "add the instance before");
        assertThat(ingest(hub, "saga", servers.text("a.txt", 10)).reason()).isEqualTo("STORE_FAILED");
    }

    private CamelContext hubWithDyingStore(String timeLimit) throws Exception {
        CamelContext hub = hubWith(Map.of(
                "saga.participants", "dying", "saga.time-limit", timeLimit, "saga.compensation.step-timeout", "1s"));
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-dying").routeId("writes").process(e -> {
                    throw new OutOfMemoryError("of the test's own store");
                });
                from("direct:saga-store-dying-compensate").routeId("undoes").log("nothing to undo");
            }
        });
        return hub;
    }

    @Test
    void compensates_a_saga_when_the_chunk_route_is_stopped() throws Exception {
        CamelContext hub = hubWith(Map.of("saga.chunk.size", "5MiB", "saga.chunk.parallelism", "1"));
        hub.getComponent("direct", DirectComponent.class).setTimeout(200);
        hub.addRoutes(new StreamingSaga());
        CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        AtomicInteger sending = new AtomicInteger();
        hub.getManagementStrategy().addEventNotifier(new EventNotifierSupport() {
            @Override
            public void notify(CamelEvent event) {
                if (event instanceof CamelEvent.ExchangeSendingEvent sent
                        && sent.getEndpoint().getEndpointUri().startsWith("aws2-s3")
                        && sending.incrementAndGet() == 2) {
                    stopRoute(hub, "saga-chunk", stopped);
                }
            }
        });
        hub.start();
        Path file = Files.write(servers.text("three.bin", 1), new byte[3 * 5 * 1024 * 1024]);

        IngestResult result = ingest(hub, "saga", file);

        assertThat(stopped.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.stores()).containsEntry("upload", 0L);
        hub.getRouteController().startRoute("saga-chunk");
        assertThat(ingest(hub, "saga", file).status()).isEqualTo("COMPLETED");
    }

    /** Returns when the route accepts no more exchanges, even if some are still in flight. */
    private static void stopRoute(CamelContext hub, String route, CompletableFuture<Boolean> stopped) {
        Background.call(
                "stop route",
                () -> stopped.complete(hub.getRouteController().stopRoute(route, 1, TimeUnit.SECONDS, false)));
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> !hub.getRouteController().getRouteStatus(route).isStarted());
    }

    /** The hub's error handling is for its own routes: inside a saga it would hide failures. */
    @Test
    void the_hubs_error_handling_does_not_apply_inside_a_saga() throws Exception {
        List<String> handled = new CopyOnWriteArrayList<>();
        CamelContext hub = hubWith(Map.of("saga.participants", "broken"));
        hub.addRoutes(new RouteConfigurationBuilder() {
            @Override
            public void configuration() {
                routeConfiguration()
                        .onException(Exception.class)
                        .handled(true)
                        .process(e -> handled.add("global"))
                        .setBody(constant("all is well"));
                routeConfiguration().onCompletion().process(e -> handled.add("completion of " + e.getFromRouteId()));
            }
        });
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                onException(Exception.class)
                        .handled(true)
                        .process(e -> handled.add("hub"))
                        .setBody(constant("handled"));
                from("direct:in").routeId("in").to("direct:saga-ingest");
                from("direct:saga-store-broken")
                        .errorHandler(noErrorHandler())
                        .routeConfigurationId("none")
                        .throwException(new IllegalStateException("broken"));
                from("direct:saga-store-broken-compensate").routeId("undo").log("nothing to undo");
            }
        });
        hub.start();

        IngestResult result = request(hub, "direct:in", servers.text("a.txt", 10));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.message()).contains("broken");
        assertThat(handled)
                .doesNotContain("global", "hub")
                .allMatch(what -> what.equals("completion of in") || what.equals("completion of undo"));
    }

    @Test
    void the_hubs_own_saga_keeps_its_own_service_around_an_ingest() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        InMemorySagaService own = new InMemorySagaService();
        CamelContext hub = hub(servers.properties("saga"));
        hub.addService(own);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:own")
                        .saga()
                        .completion("direct:own-completed")
                        .process(e -> seen.add("began " + e.getMessage().getHeader(Exchange.SAGA_LONG_RUNNING_ACTION)))
                        .setProperty("own", constant("kept"))
                        .to("direct:saga-ingest")
                        .process(e -> seen.add(e.getProperty("own", String.class)))
                        .to("direct:own-step");
                from("direct:own-step")
                        .saga()
                        .propagation(SagaPropagation.MANDATORY)
                        .process(e -> seen.add("step " + e.getMessage().getHeader(Exchange.SAGA_LONG_RUNNING_ACTION)));
                from("direct:own-completed").process(e -> seen.add("completed"));
            }
        });
        hub.start();

        IngestResult result = request(hub, "direct:own", servers.text("a.txt", 10));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(seen).hasSize(4).endsWith("completed"));
        assertThat(seen.get(2)).isEqualTo(seen.get(0).replace("began", "step")).doesNotContain("null");
        assertThat(seen.get(1)).isEqualTo("kept");
        assertThat(hub.hasService(org.apache.camel.saga.CamelSagaService.class)).isSameAs(own);
    }

    private void runOnce(String file) throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());
        hub.start();
        assertThat(ingest(hub, "saga", servers.text(file, file.hashCode() % 50 + 1))
                        .status())
                .isEqualTo("COMPLETED");
        hub.stop();
    }

    /** A hub with these settings in addition to the required ones. */
    private CamelContext hubWith(Map<String, String> settings) {
        Map<String, String> properties = servers.properties("saga");
        properties.putAll(settings);
        return hub(properties);
    }

    private CamelContext hub(Map<String, String> properties) {
        CamelContext hub = HubServers.context(properties);
        running = Optional.of(hub);
        return hub;
    }

    private static StreamingSaga bundle(CamelContext hub, String name) {
        return hub.getRegistry().lookupByNameAndType(name + "-bundle", StreamingSaga.class);
    }

    private static IngestResult ingest(CamelContext hub, String name, Path file) throws Exception {
        return request(hub, "direct:" + name + "-ingest", file);
    }

    private static IngestResult request(CamelContext hub, String uri, Object body) throws Exception {
        try (ProducerTemplate template = hub.createProducerTemplate()) {
            return template.requestBody(uri, body, IngestResult.class);
        }
    }

    /** All threads but those of the test and of the embedded servers. The instance's own pools all have names. */
    private static Set<Thread> threads() {
        Set<String> foreign = Set.of("Finalizer", "Signal Dispatcher");
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !foreign.contains(thread.getName()))
                .filter(thread -> Stream.of(
                                "qtp",
                                "XNIO",
                                "Transaction",
                                "Periodic",
                                "S3Proxy",
                                "surefire",
                                "process reaper",
                                "Attach",
                                "Common-Cleaner",
                                "awaitility",
                                "contextual-pool",
                                "pool-")
                        .noneMatch(thread.getName()::contains))
                .collect(Collectors.toCollection(HashSet::new));
    }
}
