package dev.streamingsaga.observe;

import dev.streamingsaga.config.OperationConfig.Otel;
import dev.streamingsaga.config.OperationConfig.TraceDetail;
import dev.streamingsaga.config.SagaConfig;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.opentelemetry2.OpenTelemetryTracer;

/**
 * Sends the traces of the stand-alone application to a collector. Spans wait in a bounded queue and are dropped when it
 * is full. Nothing waits for the export except {@link #close}, for at most {@value #LAST_SECONDS} s.
 */
public final class OtlpTraces implements AutoCloseable {
    static final int LAST_SECONDS = 3;

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);
    private static final Duration SEND_LIMIT = Duration.ofSeconds(10);
    private static final Duration SEND_EVERY = Duration.ofSeconds(1);
    private static final int QUEUED_SPANS = 4096;
    private static final int MAX_VALUE_CHARS = 256;

    private final SagaConfig config;
    private final SdkTracerProvider provider;

    private OtlpTraces(SagaConfig config, SdkTracerProvider provider) {
        this.config = config;
        this.provider = provider;
    }

    /** Does not connect to the collector yet. */
    public static OtlpTraces start(SagaConfig config) {
        Otel otel = config.operation().observability().otel();
        return new OtlpTraces(
                config,
                SdkTracerProvider.builder()
                        .setResource(Resource.getDefault()
                                .merge(Resource.create(Attributes.of(
                                        AttributeKey.stringKey("service.name"),
                                        otel.serviceName(),
                                        AttributeKey.stringKey("saga.instance"),
                                        config.name()))))
                        .setSampler(SagaSampler.of(otel.sampling()))
                        // No events: Camel creates them from log lines and exception messages, and either may quote
                        // a document.
                        .setSpanLimits(SpanLimits.builder()
                                .setMaxNumberOfEvents(0)
                                .setMaxAttributeValueLength(MAX_VALUE_CHARS)
                                .build())
                        .addSpanProcessor(
                                BatchSpanProcessor.builder(new OutageLoggingExporter(exporter(otel), endpoint(otel)))
                                        .setScheduleDelay(SEND_EVERY)
                                        .setMaxQueueSize(QUEUED_SPANS)
                                        .setExporterTimeout(SEND_LIMIT)
                                        .build())
                        .build());
    }

    private static OtlpHttpSpanExporter exporter(Otel otel) {
        OtlpHttpSpanExporterBuilder exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint(otel).toString())
                .setConnectTimeout(CONNECT_LIMIT)
                .setTimeout(SEND_LIMIT)
                .setCompression("gzip")
                .setRetryPolicy(RetryPolicy.builder()
                        .setMaxAttempts(2)
                        .setInitialBackoff(Duration.ofMillis(500))
                        .build());
        if (!otel.apiKey().isEmpty()) {
            exporter.addHeader("Authorization", "Bearer " + otel.apiKey());
        }
        return exporter.build();
    }

    private static URI endpoint(Otel otel) {
        return URI.create(otel.endpoint().orElseThrow().toString().replaceFirst("/+$", "") + "/v1/traces");
    }

    /** Call before adding routes to the context. */
    public void watch(CamelContext context) {
        context.getRegistry().bind(config.id("otel-tracer"), Tracer.class, provider.get("dev.streamingsaga"));
        // Reads no trace context from headers and writes none.
        context.getRegistry().bind(config.id("otel-propagators"), ContextPropagators.class, ContextPropagators.noop());
        OpenTelemetryTracer tracer = new OpenTelemetryTracer();
        tracer.setExcludePatterns(String.join(",", excluded()));
        tracer.init(context);
    }

    /** A file of 10 GiB has 1280 chunks with seven spans each: too many to read, and more than the queue holds. */
    private List<String> excluded() {
        List<String> excluded = new ArrayList<>(List.of("scheduler:" + config.id("drop") + "*"));
        if (config.operation().observability().otel().detail() == TraceDetail.STEPS) {
            excluded.addAll(List.of(
                    config.direct("chunk*"),
                    "direct:(//)?" + config.id("store-[a-z0-9-]+-batch"),
                    "aws2-s3:*",
                    "sql:*"));
        }
        return excluded;
    }

    /** Sends the queued spans, if the collector accepts them in time. */
    @Override
    public void close() {
        provider.shutdown().join(LAST_SECONDS, TimeUnit.SECONDS);
    }
}
