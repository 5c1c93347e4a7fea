package dev.streamingsaga.api;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** A request as its server has it, and the way to answer it. */
interface HttpCall {
    String method();

    /** As it was sent: still percent-encoded. */
    String path();

    /** Still percent-encoded; empty if there is none. */
    String query();

    /**
     * A header's only value.
     *
     * @throws Problem 400 if it was sent twice
     */
    Optional<String> header(String name);

    /** All values of a header that is a list, as one list. */
    Optional<String> list(String name);

    /** The other side is on this machine, as far as the server can tell. */
    boolean isLocal();

    /**
     * The body, to be read once; its client is told to send it only now. Reading throws if the body breaks off or
     * pauses too long.
     */
    InputStream body();

    /**
     * Sends the answer, and with it ends the request. A body that was not read is thrown away, up to a limit, then the
     * connection closed.
     *
     * @throws IOException if the client went away, or the reply's body broke off; the connection is closed then, so
     *     that the client cannot take what it has for all
     */
    void reply(Reply reply) throws IOException;
}
