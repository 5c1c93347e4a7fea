package dev.streamingsaga.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.HubServers;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.opentelemetry2.OpenTelemetryTracer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An instance in a hub whose tracer propagates its trace context in headers. */
@Timeout(120)
class HubTracesTest {
    private final List<SpanData> spans = new CopyOnWriteArrayList<>();

    private final class Kept implements SpanExporter {
        @Override
        public CompletableResultCode export(Collection<SpanData> ended) {
            spans.addAll(ended);
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    private void trace(CamelContext hub, SdkTracerProvider provider) {
        hub.getRegistry().bind("tracer", Tracer.class, provider.get("hub"));
        hub.getRegistry()
                .bind(
                        "propagators",
                        ContextPropagators.class,
                        ContextPropagators.create(W3CTraceContextPropagator.getInstance()));
        new OpenTelemetryTracer().init(hub);
    }

    @Test
    void the_hubs_tracer_sees_our_routes_and_hands_nothing_to_bucket_or_coordinator(@TempDir Path directory)
            throws Exception {
        try (HubServers servers = new HubServers(directory);
                SdkTracerProvider provider = SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(new Kept()))
                        .build()) {
            Map<String, String> properties = servers.properties("saga");
            try (FaultProxy bucket = new FaultProxy(URI.create(properties.get("saga.s3.endpoint")));
                    FaultProxy coordinator = new FaultProxy(StreamingSagaFixture.coordinator())) {
                properties.put("saga.s3.endpoint", bucket.uri().toString());
                properties.put(
                        "saga.coordinator.url",
                        coordinator.uri() + StreamingSagaFixture.coordinator().getPath());
                CamelContext hub = HubServers.context(properties);
                trace(hub, provider);
                hub.addRoutes(new StreamingSaga());
                hub.addRoutes(new RouteBuilder() {
                    @Override
                    public void configure() {
                        from("direct:orders").to("direct:saga-ingest");
                    }
                });
                hub.start();
                IngestResult result = hub.createProducerTemplate()
                        .requestBody("direct:orders", servers.text("a.txt", 10), IngestResult.class);
                hub.stop();

                assertThat(result.status()).isEqualTo("COMPLETED");
                assertThat(spans)
                        .extracting(SpanData::getTraceId)
                        .as("one trace")
                        .containsOnly(spans.get(0).getTraceId());
                assertThat(spans)
                        .extracting(SpanData::getName)
                        .contains(
                                "orders", "saga-ingest", "saga-validate", "saga-manifest", "saga-chunk-put", "aws2-s3");
                assertThat(spans)
                        .filteredOn(span -> span.getName().startsWith("saga-")
                                || span.getName().equals("aws2-s3"))
                        .allSatisfy(span -> assertThat(span.getAttributes().get(AttributeKey.stringKey("saga.id")))
                                .as(span.getName())
                                .isEqualTo(result.sagaId()));
                assertThat(bucket.headerNames())
                        .as("to the bucket")
                        .contains("authorization")
                        .doesNotContain("traceparent");
                assertThat(coordinator.headerNames())
                        .as("to the coordinator")
                        .contains("host")
                        .doesNotContain("traceparent");
            }
        }
    }
}
