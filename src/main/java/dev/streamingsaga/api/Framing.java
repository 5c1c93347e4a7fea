package dev.streamingsaga.api;

import java.util.Optional;

/**
 * What the headers say about the end of the body (RFC 9112, 6.1 and 6.3). The embedded server refuses what is ambiguous
 * before it gets here; that of a hub may have counted an unknown coding as no body at all.
 */
final class Framing {
    private Framing() {}

    /** @throws Problem 400 or 501, after which the connection is closed */
    static void require(HttpCall call) {
        Optional<String> coding = call.header("Transfer-Encoding");
        if (coding.isEmpty()) {
            return;
        }
        if (call.header("Content-Length").isPresent()) {
            throw new Problem(
                            400,
                            "bad-framing",
                            "Content-Length and Transfer-Encoding exclude each other; send one of them")
                    .header("Connection", "close");
        }
        if (!coding.get().equalsIgnoreCase("chunked")) {
            throw new Problem(
                            501,
                            "transfer-coding",
                            "the only Transfer-Encoding that is understood is chunked; nothing was read")
                    .header("Connection", "close");
        }
    }
}
