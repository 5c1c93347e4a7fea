package dev.streamingsaga.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A bare S3 server for benchmarks, with its own {@code main}: keeps objects in memory, trusts every checksum and
 * computes none, so that almost all the time of an upload is that of the client. Prints its port.
 */
public final class S3Sink {
    static final String PORT = "PORT ";

    private static final int OK = 200;
    private static final int NO_CONTENT = 204;
    private static final int PARTIAL = 206;
    private static final int NOT_FOUND = 404;
    private static final String SHA256 = "x-amz-checksum-sha256";
    private static final String METADATA = "x-amz-meta-";
    private static final String MODIFIED = "Tue, 01 Dec 2026 00:00:00 GMT";
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");
    private static final Pattern KEY = Pattern.compile("<Key>([^<]+)</Key>");

    private final ConcurrentSkipListMap<String, SinkObject> objects = new ConcurrentSkipListMap<>();
    private final AtomicLong tags = new AtomicLong();

    private S3Sink() {}

    /** Serves until the process ends. */
    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        S3Sink sink = new S3Sink();
        server.createContext("/", sink::handle);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println(PORT + server.getAddress().getPort());
    }

    private void handle(HttpExchange call) throws IOException {
        try (call) {
            String path = call.getRequestURI().getPath();
            String query = Optional.ofNullable(call.getRequestURI().getQuery()).orElse("");
            int slash = path.indexOf('/', 1);
            String key = slash < 0 ? "" : path.substring(slash + 1);
            switch (call.getRequestMethod()) {
                case "PUT" -> put(call, key, query);
                case "POST" -> post(call, key, query);
                case "DELETE" -> {
                    objects.remove(key);
                    call.sendResponseHeaders(NO_CONTENT, -1);
                }
                default -> read(call, key, query);
            }
        }
    }

    private void put(HttpExchange call, String key, String query) throws IOException {
        SinkObject object = SinkObject.receive(call, "\"%032x\"".formatted(tags.incrementAndGet()));
        if (!key.isEmpty()) {
            String part = parameter(query, "partNumber");
            objects.put(part.isEmpty() ? key : partKey(query) + part, object);
        }
        call.getResponseHeaders().set("ETag", object.etag());
        object.sha256().ifPresent(sha256 -> call.getResponseHeaders().set(SHA256, sha256));
        call.sendResponseHeaders(OK, -1);
    }

    /** Parts are never read: what a multipart upload becomes is of no interest. */
    private static String partKey(String query) {
        return "\uffff" + parameter(query, "uploadId") + "/";
    }

    private void post(HttpExchange call, String key, String query) throws IOException {
        String body = new String(call.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (query.contains("delete")) {
            Matcher each = KEY.matcher(body);
            while (each.find()) {
                objects.remove(each.group(1));
            }
            answer(call, "<DeleteResult/>");
        } else if (query.contains("uploadId")) {
            String parts = partKey(query);
            objects.subMap(parts, parts + "\uffff").clear();
            answer(
                    call,
                    "<CompleteMultipartUploadResult><Key>" + key
                            + "</Key><ETag>\"%032x\"</ETag>".formatted(tags.incrementAndGet())
                            + "</CompleteMultipartUploadResult>");
        } else {
            answer(
                    call,
                    "<InitiateMultipartUploadResult><Key>" + key + "</Key><UploadId>" + tags.incrementAndGet()
                            + "</UploadId></InitiateMultipartUploadResult>");
        }
    }

    private void read(HttpExchange call, String key, String query) throws IOException {
        if (key.isEmpty()) {
            if (call.getRequestMethod().equals("HEAD")) {
                call.sendResponseHeaders(OK, -1);
            } else {
                list(call, parameter(query, "prefix"));
            }
            return;
        }
        SinkObject object = objects.get(key);
        if (object == null) {
            if (call.getRequestMethod().equals("HEAD")) {
                call.sendResponseHeaders(NOT_FOUND, -1);
            } else {
                answer(call, NOT_FOUND, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>");
            }
            return;
        }
        send(call, object);
    }

    private static void send(HttpExchange call, SinkObject object) throws IOException {
        call.getResponseHeaders().set("ETag", object.etag());
        call.getResponseHeaders().set("Last-Modified", MODIFIED);
        object.metadata().forEach(call.getResponseHeaders()::set);
        object.sha256().ifPresent(sha256 -> call.getResponseHeaders().set(SHA256, sha256));
        byte[] bytes = object.bytes();
        if (call.getRequestMethod().equals("HEAD")) {
            call.getResponseHeaders().set("Content-Length", String.valueOf(bytes.length));
            call.sendResponseHeaders(OK, -1);
            return;
        }
        int from = 0;
        int end = bytes.length;
        Matcher range = RANGE.matcher(
                Optional.ofNullable(call.getRequestHeaders().getFirst("Range")).orElse(""));
        if (range.matches()) {
            from = Integer.parseInt(range.group(1));
            end = range.group(2).isEmpty() ? end : Math.min(end, Integer.parseInt(range.group(2)) + 1);
            call.getResponseHeaders().remove(SHA256);
            call.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (end - 1) + "/" + bytes.length);
        }
        call.sendResponseHeaders(range.matches() ? PARTIAL : OK, end == from ? -1 : end - from);
        try (OutputStream out = call.getResponseBody()) {
            out.write(bytes, from, end - from);
        }
    }

    private void list(HttpExchange call, String prefix) throws IOException {
        StringBuilder xml = new StringBuilder("<ListBucketResult><IsTruncated>false</IsTruncated>");
        for (Map.Entry<String, SinkObject> each :
                objects.subMap(prefix, prefix + "\uffff").entrySet()) {
            if (!each.getKey().startsWith("\uffff")) {
                xml.append("<Contents><Key>")
                        .append(each.getKey())
                        .append("</Key><LastModified>2026-12-01T00:00:00.000Z</LastModified><ETag>")
                        .append(each.getValue().etag().replace("\"", "&quot;"))
                        .append("</ETag><Size>")
                        .append(each.getValue().bytes().length)
                        .append("</Size></Contents>");
            }
        }
        answer(call, xml.append("</ListBucketResult>").toString());
    }

    private static String parameter(String query, String name) {
        for (String each : query.split("&", -1)) {
            if (each.startsWith(name + "=")) {
                return each.substring(name.length() + 1);
            }
        }
        return "";
    }

    private static void answer(HttpExchange call, String xml) throws IOException {
        answer(call, OK, xml);
    }

    private static void answer(HttpExchange call, int status, String xml) throws IOException {
        byte[] body = xml.getBytes(StandardCharsets.UTF_8);
        call.getResponseHeaders().set("Content-Type", "application/xml");
        call.sendResponseHeaders(status, body.length);
        call.getResponseBody().write(body);
    }

    static String sha256Header() {
        return SHA256;
    }

    static String metadataPrefix() {
        return METADATA;
    }
}
