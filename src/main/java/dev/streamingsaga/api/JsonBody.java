package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.intake.BodyAbortedException;
import java.io.IOException;

/** Reads small JSON bodies. */
final class JsonBody {
    private static final int MAX_BYTES = 64 * 1024;

    private JsonBody() {}

    /** @throws Problem 415 if the body has a content coding, such as gzip */
    static void requirePlain(HttpCall call) {
        call.list("Content-Encoding")
                .filter(coding -> !coding.equalsIgnoreCase("identity"))
                .ifPresent(coding -> {
                    throw new Problem(
                                    415,
                                    "encoded-body",
                                    "Content-Encoding " + RequestText.shown(coding)
                                            + " is not supported; send the bytes as they are")
                            .header("Accept-Encoding", "identity");
                });
    }

    /**
     * @throws Problem 415 for another media type or a content coding, 413 if too large, 400 for invalid JSON or a wrong
     *     digest
     */
    @SuppressWarnings("TypeParameterUnusedInFormals") // the reader is created for T, but its type does not say so
    static <T> T json(HttpCall call, ObjectReader reader) throws IOException {
        String type =
                call.header("Content-Type").orElse("").replaceFirst(";.*", "").strip();
        if (!type.equalsIgnoreCase("application/json")) {
            throw new Problem(415, "not-json", "the body must be application/json, was " + RequestText.shown(type));
        }
        requirePlain(call);
        BodyDigests digests = BodyDigests.of(call);
        byte[] body;
        try {
            body = call.body().readNBytes(MAX_BYTES + 1);
        } catch (BodyAbortedException e) {
            throw new Problem(400, "cut-off", e.getMessage() + "; nothing was done", e);
        }
        if (body.length > MAX_BYTES) {
            throw new Problem(413, "too-large", "the body has more than " + MAX_BYTES + " bytes; nothing was done");
        }
        digests.check(body);
        try {
            T value = reader.readValue(body);
            if (value == null) {
                throw new Problem(400, "bad-json", "the body must be a JSON object; nothing was done");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new Problem(
                    400,
                    "bad-json",
                    "the body is not the JSON that this operation expects: "
                            + RequestText.shown(e.getOriginalMessage()),
                    e);
        }
    }
}
