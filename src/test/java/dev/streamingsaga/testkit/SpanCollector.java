package dev.streamingsaga.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;

/** A trace collector: OTLP over HTTP according to the specification. */
public final class SpanCollector implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Seen> spans = new CopyOnWriteArrayList<>();
    private final Set<String> authorizations = ConcurrentHashMap.newKeySet();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answering = new CountDownLatch(1);

    /**
     * @param parent empty for the root span of a trace
     * @param words the whole span as text
     */
    public record Seen(
            String name,
            String trace,
            String id,
            String parent,
            boolean failed,
            Map<String, String> tags,
            Map<String, String> resource,
            String words) {
        public String tag(String name) {
            return tags.getOrDefault(name, "");
        }

        @Override
        public String toString() {
            return name + (failed ? " failed " : " ") + tags;
        }
    }

    private SpanCollector(boolean answers) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (answers) {
            answering.countDown();
        }
        server.setExecutor(threads);
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    public static SpanCollector start() {
        return new SpanCollector(true);
    }

    /** Starts a collector that accepts requests and never answers. */
    public static SpanCollector hanging() {
        return new SpanCollector(false);
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    public List<Seen> spans() {
        return List.copyOf(spans);
    }

    /** The spans of the only trace that has a span of this name. */
    public List<Seen> traceWith(String name) {
        List<String> traces = spans.stream()
                .filter(span -> span.name().equals(name))
                .map(Seen::trace)
                .distinct()
                .toList();
        if (traces.size() != 1) {
            throw new AssertionError(traces.size() + " traces have a span " + name);
        }
        return spans.stream().filter(span -> span.trace().equals(traces.get(0))).toList();
    }

    public Set<String> authorizations() {
        return Set.copyOf(authorizations);
    }

    public void awaitRequest() throws InterruptedException {
        asked.await();
    }

    private void take(HttpExchange exchange) throws IOException {
        asked.countDown();
        try (exchange) {
            answering.await();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            authorizations.add(Objects.requireNonNullElse(authorization, ""));
            InputStream body = exchange.getRequestBody();
            boolean packed = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
            read(ExportTraceServiceRequest.parseFrom(packed ? new GZIPInputStream(body) : body));
            byte[] answer = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read(ExportTraceServiceRequest request) {
        request.getResourceSpansList()
                .forEach(resource -> resource.getScopeSpansList()
                        .forEach(scope -> scope.getSpansList()
                                .forEach(span -> spans.add(new Seen(
                                        span.getName(),
                                        hex(span.getTraceId().toByteArray()),
                                        hex(span.getSpanId().toByteArray()),
                                        hex(span.getParentSpanId().toByteArray()),
                                        span.getStatus().getCode() == StatusCode.STATUS_CODE_ERROR,
                                        tags(span.getAttributesList()),
                                        tags(resource.getResource().getAttributesList()),
                                        span.toString())))));
    }

    private static Map<String, String> tags(List<KeyValue> attributes) {
        Map<String, String> tags = new TreeMap<>();
        attributes.forEach(tag -> tags.put(tag.getKey(), tag.getValue().getStringValue()));
        return tags;
    }

    private static String hex(byte[] id) {
        return HexFormat.of().formatHex(id);
    }

    @Override
    public void close() {
        answering.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
