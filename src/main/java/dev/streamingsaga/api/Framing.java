package dev.streamingsaga.api;

import java.util.Optional;

/**
 * Checks the headers that determine the length of the body (RFC 9112, sections 6.1 and 6.3). The embedded server
 * rejects ambiguous requests itself. The server of a hub may treat an unknown transfer coding as an empty body.
 */
final class Framing {
    private Framing() {}

    /** @throws Problem 400 or 501; the connection is closed */
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
                            501, "transfer-coding", "the only supported Transfer-Encoding is chunked; nothing was read")
                    .header("Connection", "close");
        }
    }
}
