package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A body that is going to arrive in the bucket.
 *
 * @param saga without a source
 * @param expire time after which the body is given up if nothing more arrives
 * @param maxOpen number of resumable bodies of the same sender that may be incomplete; 0: no limit
 */
public record NewUpload(
        NewSaga saga,
        boolean resumable,
        OptionalLong length,
        Optional<String> expectedSha256,
        String metadata,
        Duration expire,
        int maxOpen) {}
