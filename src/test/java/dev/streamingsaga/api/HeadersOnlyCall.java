package dev.streamingsaga.api;

import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/** A request that consists of a query and headers. */
record HeadersOnlyCall(String query, Map<String, String> headers) implements HttpCall {
    static HeadersOnlyCall query(String query) {
        return new HeadersOnlyCall(query, Map.of());
    }

    static HeadersOnlyCall header(String name, String value) {
        return new HeadersOnlyCall("", Map.of(name, value));
    }

    @Override
    public String method() {
        return "GET";
    }

    @Override
    public String path() {
        return "/";
    }

    @Override
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    @Override
    public Optional<String> list(String name) {
        return header(name);
    }

    @Override
    public boolean isLocal() {
        return true;
    }

    @Override
    public InputStream body() {
        return InputStream.nullInputStream();
    }

    @Override
    public void reply(Reply reply) {
        throw new UnsupportedOperationException("nobody reads the reply");
    }
}
