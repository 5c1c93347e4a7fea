package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.ingest.SagaNotCompletedException;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.HubServers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The exchange fails if its saga does, so that a consumer treats its input as failed. */
@Tag("one-jdk")
@Timeout(120)
class HubFailOnTest {
    @TempDir
    Path directory;

    private final CountDownLatch writing = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private HubServers servers;
    private CamelContext hub;

    @BeforeEach
    void start() {
        servers = new HubServers(directory);
    }

    @AfterEach
    void stop() {
        released.countDown();
        hub.stop();
        servers.close();
    }

    @Test
    void a_file_consumer_moves_the_file_of_a_compensated_saga_to_failed() throws Exception {
        hub(Map.of("saga.hub.fail-on", "compensated"));
        Path drop = dropRoute();

        dropped(drop, "good.txt");
        dropped(drop, "bad.txt");

        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() ->
                        Files.exists(drop.resolve(".done/good.txt")) && Files.exists(drop.resolve(".failed/bad.txt")));
        assertThat(files(drop.resolve(".done"))).containsExactly("good.txt");
        assertThat(files(drop.resolve(".failed"))).containsExactly("bad.txt");
    }

    @Test
    void by_default_the_exchange_carries_the_outcome_and_does_not_fail() throws Exception {
        hub(Map.of());

        Exchange answer = send(servers.text("bad.txt", 10), null);

        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getBody(IngestResult.class).status()).isEqualTo("COMPENSATED");
    }

    @ParameterizedTest
    @CsvSource({
        "never,compensated,true",
        "compensated,never,false",
        "compensated,partially-compensated,false",
        "compensated,,true",
        "partially-compensated,,false",
        "never,COMPENSATED,true"
    })
    void an_exchange_property_overrides_the_setting(String setting, String property, boolean fails) throws Exception {
        hub(Map.of("saga.hub.fail-on", setting));

        Exchange answer = send(servers.text("bad.txt", 10), property);

        assertThat(answer.getException() != null)
                .as("%s", answer.getException())
                .isEqualTo(fails);
        assertThat(answer.getMessage().getBody(IngestResult.class).status()).isEqualTo("COMPENSATED");
        assertThat(send(servers.text("good.txt", 20), property).getException()).isNull();
    }

    @Test
    void the_exception_carries_result_and_reason() throws Exception {
        hub(Map.of());

        Exchange answer = send(servers.text("bad.txt", 10), FailOn.COMPENSATED);

        assertThat(answer.getException()).isInstanceOfSatisfying(SagaNotCompletedException.class, e -> {
            assertThat(e.result()).isEqualTo(answer.getMessage().getBody());
            assertThat(e.reason()).contains(Reason.STORE_FAILED);
            assertThat(e)
                    .hasMessageContainingAll(
                            e.result().sagaId(), "bad.txt", "ended COMPENSATED, STORE_FAILED: ", "no room");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"compensated", "partially-compensated"})
    void a_partially_compensated_saga_fails_the_exchange_with_either_setting(String failOn) throws Exception {
        hub(Map.of("saga.hub.fail-on", failOn));

        Exchange answer = send(servers.text("stuck.txt", 10), null);

        assertThat(answer.getException())
                .isInstanceOfSatisfying(
                        SagaNotCompletedException.class,
                        e -> assertThat(e.result().status()).isEqualTo("PARTIALLY_COMPENSATED"));
    }

    @Test
    void rejects_an_invalid_property_before_a_saga_begins() throws Exception {
        hub(Map.of());

        Exchange answer = send(servers.text("good.txt", 10), "compensate");

        assertThat(answer.getException())
                .hasMessage("exchange property SagaFailOn must be one of never, compensated, partially-compensated,"
                        + " was \"compensate\"; no saga was started");
        assertThat(Internals.journal(bundle()).sagas().newest(10)).isEmpty();
    }

    @Test
    void an_invalid_setting_prevents_the_start_of_the_hub() throws Exception {
        assertThatThrownBy(() -> hub(Map.of("saga.hub.fail-on", "compensated,partially-compensated")))
                .hasStackTraceContaining("saga.hub.fail-on must be one of never, compensated, partially-compensated");
    }

    /** Otherwise the consumer would move a file that the saga still needs. */
    @Test
    void a_paused_saga_keeps_its_file_until_it_has_its_outcome() throws Exception {
        hub(Map.of("saga.hub.fail-on", "compensated"));
        Path drop = dropRoute();
        dropped(drop, "slow.txt");
        assertThat(writing.await(60, TimeUnit.SECONDS)).isTrue();
        String sagaId = Internals.runs(bundle()).all().iterator().next().sagaId();

        assertThat(Internals.engine(bundle()).pause(sagaId)).isTrue();
        released.countDown();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> Internals.journal(bundle())
                                .sagas()
                                .find(sagaId)
                                .orElseThrow()
                                .state()
                        == SagaState.PAUSED);
        Awaitility.await()
                .during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(5))
                .until(() -> Files.exists(drop.resolve("slow.txt")));
        Internals.recovery(bundle())
                .resume(Internals.journal(bundle()).sagas().find(sagaId).orElseThrow())
                .orTimeout(60, TimeUnit.SECONDS)
                .join();

        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(drop.resolve(".done/slow.txt")));
    }

    /** They evaluate the outcome themselves. */
    @Test
    void the_built_in_ingestion_endpoints_never_fail_with_the_outcome() throws Exception {
        Path drop = Files.createDirectories(directory.resolve("own-drop"));
        hub(Map.of("saga.hub.fail-on", "compensated", "saga.drop.dir", drop.toString(), "saga.drop.stable-for", "0s"));
        hub.addRoutes(bundle().dropFolder(hub));

        assertThat(bundle().operator().ingest(servers.text("bad.txt", 10)).status())
                .isEqualTo("COMPENSATED");

        dropped(drop, "bad.txt");
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> Files.exists(drop.resolve(".failed/bad.txt.json")));
        assertThat(drop.resolve(".failed/bad.txt.json")).content().contains("\"status\":\"COMPENSATED\"");
    }

    private void hub(Map<String, String> settings) throws Exception {
        Map<String, String> properties = servers.properties("saga");
        properties.put("saga.participants", "own");
        properties.putAll(settings);
        hub = HubServers.context(properties);
        hub.addRoutes(new StreamingSaga());
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-store-own").process(HubFailOnTest.this::write);
                from("direct:saga-store-own-compensate").process(e -> {
                    if (fileName(e).equals("stuck.txt")) {
                        throw new IllegalStateException("does not let go");
                    }
                });
            }
        });
        hub.start();
    }

    private void write(Exchange exchange) throws InterruptedException {
        if (fileName(exchange).equals("slow.txt")) {
            writing.countDown();
            released.await();
        } else if (!fileName(exchange).equals("good.txt")) {
            throw new IllegalStateException("no room");
        }
    }

    private static String fileName(Exchange exchange) {
        return exchange.getMessage().getBody(Map.class).get("fileName").toString();
    }

    private Path dropRoute() throws Exception {
        Path drop = Files.createDirectories(directory.resolve("drop"));
        hub.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("file:" + drop
                                + "?move=.done/${file:name}&moveFailed=.failed/${file:name}&initialDelay=0&delay=100")
                        .to("direct:saga-ingest");
            }
        });
        return drop;
    }

    private void dropped(Path drop, String name) throws Exception {
        Files.move(servers.text(name, 10 + name.length()), drop.resolve(name));
    }

    private static List<String> files(Path folder) throws Exception {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).toList();
        }
    }

    private Exchange send(Path file, Object failOn) throws Exception {
        try (ProducerTemplate template = hub.createProducerTemplate()) {
            return template.request("direct:saga-ingest", exchange -> {
                exchange.getMessage().setBody(file);
                Optional.ofNullable(failOn).ifPresent(value -> exchange.setProperty(Ingest.FAIL_ON, value));
            });
        }
    }

    private StreamingSaga bundle() {
        return hub.getRegistry().lookupByNameAndType("saga-bundle", StreamingSaga.class);
    }
}
