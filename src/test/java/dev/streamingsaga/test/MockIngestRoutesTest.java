package dev.streamingsaga.test;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.ingest.SagaNotCompletedException;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.WarningCode;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.FluentProducerTemplate;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The test kit in a context that has neither an instance nor a server. */
@Timeout(30)
@Tag("unit")
class MockIngestRoutesTest {
    private final CamelContext hub = new DefaultCamelContext();

    @AfterEach
    void stop() {
        hub.stop();
    }

    @Test
    void a_result_is_json_in_a_context_without_an_instance() throws Exception {
        hub.start();
        IngestResult result = IngestResultBuilder.completed("/in/a.txt")
                .store("upload", 1)
                .step("upload", "WRITTEN", Duration.ofSeconds(2))
                .warning(WarningCode.LOCKED, "page 3", "a password is needed")
                .build();

        String json = hub.getTypeConverter().mandatoryConvertTo(String.class, result);

        assertThat(json).isEqualTo(new ObjectMapper().writeValueAsString(result));
        assertThat(json)
                .startsWith("{\"file\":\"/in/a.txt\",")
                .contains("\"steps\":[{\"name\":\"upload\",\"state\":\"WRITTEN\",\"millis\":2000}]")
                .endsWith("\"warnings\":[{\"code\":\"LOCKED\",\"place\":\"page 3\","
                        + "\"message\":\"a password is needed\"}]}");
        assertThat(hub.getTypeConverter().mandatoryConvertTo(byte[].class, result))
                .asString()
                .isEqualTo(json);
        assertThat(hub.getTypeConverter().mandatoryConvertTo(InputStream.class, result))
                .hasContent(json);
    }

    @Test
    void replies_with_the_outcome_that_the_test_set_for_each_file() throws Exception {
        MockIngestRoutes saga = start(new MockIngestRoutes()
                .answer("bad.txt", MockOutcome.compensated(Reason.STORE_FAILED, "no room"))
                .answer("stuck.txt", MockOutcome.partiallyCompensated(Reason.TIMEOUT, "too slow"))
                .answer(
                        "own.txt",
                        MockOutcome.of(file -> IngestResultBuilder.completed(file)
                                .sagaId("saga1")
                                .runs(2, 8)
                                .build())));

        assertThat(ingest(Path.of("/in/good.txt")).status()).isEqualTo("COMPLETED");
        IngestResult bad = ingest("/in/bad.txt");
        assertThat(bad.status()).isEqualTo("COMPENSATED");
        assertThat(bad.reason()).isEqualTo("STORE_FAILED");
        assertThat(bad.message()).isEqualTo("no room");
        assertThat(bad.file()).isEqualTo("/in/bad.txt");
        assertThat(ingest(new File("/in/stuck.txt")).status()).isEqualTo("PARTIALLY_COMPENSATED");
        assertThat(ingest("/in/own.txt"))
                .extracting(IngestResult::sagaId, IngestResult::runs)
                .containsExactly("saga1", 2);
        assertThat(saga.files())
                .containsExactly(
                        Path.of("/in/good.txt"),
                        Path.of("/in/bad.txt"),
                        Path.of("/in/stuck.txt"),
                        Path.of("/in/own.txt"));

        saga.answer(MockOutcome.compensated(Reason.STORAGE_FULL, "full"));
        assertThat(ingest("/in/good.txt").reason()).isEqualTo("STORAGE_FULL");
    }

    @Test
    void an_outcome_can_be_delayed() throws Exception {
        start(new MockIngestRoutes().answer(MockOutcome.completed().after(Duration.ofMillis(300))));

        long begun = System.nanoTime();
        ingest("/in/a.txt");

        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun)).isGreaterThanOrEqualTo(300);
    }

    @Test
    void a_call_can_fail_without_an_outcome() throws Exception {
        start(new MockIngestRoutes("archive").answer(MockOutcome.failing(new ShutdownException("the instance stops"))));

        Exchange answer = send("direct:archive-ingest", "/in/a.txt", Map.of());

        assertThat(answer.getException()).isInstanceOf(ShutdownException.class);
        assertThat(answer.getMessage().getBody()).as("unchanged").isEqualTo("/in/a.txt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"setting", "property"})
    void fails_the_exchange_like_the_real_route(String how) throws Exception {
        if (how.equals("setting")) {
            hub.getPropertiesComponent().addInitialProperty("saga.hub.fail-on", "compensated");
        }
        start(new MockIngestRoutes().answer(MockOutcome.compensated(Reason.STORE_FAILED, "no room")));

        Exchange answer = send(
                "direct:saga-ingest",
                "/in/a.txt",
                how.equals("property") ? Map.of(Ingest.FAIL_ON, "compensated") : Map.of());

        assertThat(answer.getException())
                .isInstanceOf(SagaNotCompletedException.class)
                .hasMessageContaining("no room");
        assertThat(answer.getMessage().getBody()).isInstanceOf(IngestResult.class);
    }

    private MockIngestRoutes start(MockIngestRoutes saga) throws Exception {
        hub.addRoutes(saga);
        hub.start();
        return saga;
    }

    private IngestResult ingest(Object body) throws Exception {
        try (ProducerTemplate template = hub.createProducerTemplate()) {
            return template.requestBody("direct:saga-ingest", body, IngestResult.class);
        }
    }

    private Exchange send(String uri, Object body, Map<String, Object> properties) throws Exception {
        try (FluentProducerTemplate template = hub.createFluentProducerTemplate()) {
            return template.to(uri)
                    .withProcessor(exchange -> {
                        exchange.getMessage().setBody(body);
                        properties.forEach(exchange::setProperty);
                    })
                    .request(Exchange.class);
        }
    }
}
