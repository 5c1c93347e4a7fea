package dev.streamingsaga.api;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** An HTTP request and its reply, independent of the server. */
interface HttpCall {
    String method();

    /** The path as sent, percent-encoded. */
    String path();

    /** The query, percent-encoded; empty if there is none. */
    String query();

    /**
     * Returns the single value of a header.
     *
     * @throws Problem 400 if the header was sent more than once
     */
    Optional<String> header(String name);

    /** Returns all values of a list header, joined by commas. */
    Optional<String> list(String name);

    /** Whether the client is on this machine, as far as the server can tell. */
    boolean isLocal();

    /**
     * Returns the body, which can be read once. Sends {@code 100 Continue} if the client expects it. Reading throws if
     * the body is incomplete or too slow.
     */
    InputStream body();

    /**
     * Sends the reply and ends the request. Discards an unread body up to a limit, then closes the connection.
     *
     * @throws IOException if the client disconnected, or the body of the reply failed; the connection is then closed,
     *     so that the client notices the truncation
     */
    void reply(Reply reply) throws IOException;
}
