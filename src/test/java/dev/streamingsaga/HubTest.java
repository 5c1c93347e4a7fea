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
import org.apache.camel.support.EventNotifierSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Instances in somebody else's Camel context, on a real bucket and a real coordinator. */
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
    void a_started_context_takes_an_instance_too() throws Exception {
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
        assertThat(bundle(hub, "saga").journal().saga(first.sagaId())).isPresent();
    }

    @Test
    void a_saga_that_runs_when_the_context_stops_goes_on_when_it_starts_again() throws Exception {
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
        ActiveRun run = bundle(hub, "saga").runs().all().iterator().next();

        CompletableFuture<Boolean> stopped = Background.run("stop", () -> {
            hub.stop();
            return true;
        });
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> run.calledOff().isPresent());
        held.countDown();
        assertThat(call.handle((result, failure) -> failure != null)
                        .orTimeout(60, TimeUnit.SECONDS)
                        .join())
                .as("the caller is told")
                .isTrue();
        assertThat(stopped.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        hub.start();

        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> bundle(hub, "saga")
                        .journal()
                        .saga(run.sagaId())
                        .orElseThrow()
                        .state()
                        .isFinal());
        assertThat(bundle(hub, "saga")
                        .journal()
                        .saga(run.sagaId())
                        .orElseThrow()
                        .state()
                        .name())
                .isEqualTo("COMPLETED");
        assertThat(written).as("never undone").hasValueBetween(1, 2);
    }

    @Test
    void a_stopped_context_leaves_no_thread_no_port_and_no_lock() throws Exception {
        // What is loaded and started once in a JVM must not look like ours.
        runOnce("a.txt");
        Set<Thread> before = threads();
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());
        hub.start();
        ingest(hub, "saga", servers.text("b.txt", 10));
        assertThat(threads())
                .as("the bundle has threads of its own, or this test sees nothing")
                .hasSizeGreaterThan(before.size());

        hub.stop();

        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            // Until Java 21 an HTTP client's thread ends when the client is collected: what still refers to it would
            // show.
            System.gc();
            Set<Thread> left = threads();
            left.removeAll(before);
            assertThat(left).extracting(Thread::getName).isEmpty();
        });
        runOnce("c.txt");
    }

    @Test
    void a_context_that_was_never_started_has_nothing_open() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());

        assertThat(directory.resolve("data-saga")).doesNotExist();
        assertThat(directory.resolve("saga-journal.db")).doesNotExist();
    }

    @Test
    void two_instances_share_a_context_and_nothing_else() throws Exception {
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
        assertThat(bundle(hub, "saga").journal().saga(other.sagaId())).isEmpty();
        assertThat(bundle(hub, "archive").journal().saga(one.sagaId())).isEmpty();
        assertThat(servers.keys()).anyMatch(key -> key.startsWith("saga/")).anyMatch(key -> key.startsWith("archive/"));
        assertThat(hub.getRoutes())
                .extracting(route -> route.getRouteId().replaceFirst("-.*", ""))
                .containsOnly("saga", "archive");
        bundle(hub, "saga").orphans().list(orphan -> orphans.add(orphan.toString()));
        assertThat(orphans).isEmpty();
    }

    @Test
    void a_second_instance_of_the_same_name_is_refused() throws Exception {
        CamelContext hub = hub(servers.properties("saga"));
        hub.addRoutes(new StreamingSaga());

        assertThatThrownBy(() -> hub.addRoutes(new StreamingSaga()))
                .hasMessageContaining("there is an instance saga in this context already");
    }

    @Test
    void two_instances_on_one_data_directory_are_refused() throws Exception {
        Map<String, String> both = servers.properties("saga");
        both.putAll(servers.properties("archive"));
        both.put("archive.data.dir", both.get("saga.data.dir"));
        CamelContext hub = hub(both);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new StreamingSaga("archive"));

        assertThatThrownBy(hub::start).hasMessageContaining("is in use by this process already");
    }

    @Test
    void everything_that_is_missing_or_wrong_is_told_at_once_and_how_to_give_it() throws Exception {
        CamelContext hub = hub(
                Map.of("archive.chunk.size", "1MiB", "archive.cunk.size", "8MiB", "archive.participants", "security"));
        hub.addRoutes(new StreamingSaga("archive"));

        assertThatThrownBy(hub::start)
                .hasMessageContainingAll(
                        "archive.chunk.size must be a size such as 8MiB from 5MiB to 64MiB, was \"1MiB\"",
                        "archive.cunk.size is not a setting",
                        "no LRA coordinator: set archive.coordinator.url, or have an LRASagaService",
                        "no bucket: set archive.s3.endpoint, or have an S3Client in the registry, as bean archiveS3Client or as the only one",
                        "no database for journal, security: set archive.journal.url, archive.store.security.url, or have a DataSource in the registry,"
                                + " as bean archiveDataSource or as the only one");
    }

    @Test
    void a_participant_without_routes_keeps_the_context_from_starting() throws Exception {
        CamelContext hub = hubWith(Map.of("saga.participants", "notes"));
        hub.addRoutes(new StreamingSaga());

        assertThatThrownBy(hub::start)
                .hasMessageContainingAll("direct:saga-store-notes", "direct:saga-store-notes-compensate");
        assertThat(hub.getStatus().isStarted()).isFalse();
    }

    @Test
    void the_hubs_own_stores_are_written_and_undone() throws Exception {
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
    void a_file_consumer_hands_its_file_on_and_gets_json_back() throws Exception {
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

    /** Camel makes no failure of an Error, and would go on behind the store when its thread is used again. */
    @Test
    void an_error_in_a_hubs_store_undoes_the_saga() throws Exception {
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

    /** Its routes were built without the guard: Camel loses the exchange. */
    @Test
    void an_error_in_a_store_that_was_there_before_the_instance_ends_with_the_time_limit() throws Exception {
        CamelContext hub = hubWithDyingStore("20s");
        hub.start();
        hub.addRoutes(new StreamingSaga());

        IngestResult result = ingest(hub, "saga", servers.text("a.txt", 10));

        assertThat(result.reason()).as("%s", result).isEqualTo("TIMEOUT");
        assertThat(bundle(hub, "saga").journal().steps(result.sagaId()))
                .filteredOn(step -> step.name().equals("dying"))
                .extracting(StepRecord::state)
                .as("it was reached")
                .doesNotContain(StepState.PENDING);
    }

    @Test
    void a_store_that_was_there_before_the_instance_is_warned_of_until_its_routes_are_built_anew() throws Exception {
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
    void a_chunk_route_that_somebody_stops_undoes_the_saga() throws Exception {
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

    /** Returns when the route takes nothing more, however long what is on its way may take. */
    private static void stopRoute(CamelContext hub, String route, CompletableFuture<Boolean> stopped) {
        Background.call(
                "stop route",
                () -> stopped.complete(hub.getRouteController().stopRoute(route, 1, TimeUnit.SECONDS, false)));
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> !hub.getRouteController().getRouteStatus(route).isStarted());
    }

    /** The hub's rules are for the hub's routes: inside a saga they would hide what went wrong. */
    @Test
    void the_hubs_error_handling_does_not_reach_into_a_saga() throws Exception {
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
    void the_hubs_own_saga_goes_on_with_its_own_service_around_an_ingest() throws Exception {
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

    /** For an instance with these settings, too. */
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

    /**
     * Without those of the test and of the embedded servers, which are not the hub's. The bundle's own pools all have
     * names.
     */
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
