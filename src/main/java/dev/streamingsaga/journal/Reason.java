package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Arrays;
import java.util.Optional;

/** Why a saga did not complete. */
@PublicApi
public enum Reason {
    FILE_NOT_FOUND,
    FILE_NOT_READABLE,
    FILE_TOO_LARGE,
    SOURCE_BUSY,
    DUPLICATE,
    METADATA_CORRUPT,
    MAX_RETRIES_EXCEEDED,
    STORAGE_FULL,
    CHUNK_COUNT_MISMATCH,
    CHUNK_ORDER_MISMATCH,
    CHUNK_MISSING,
    CHUNK_CORRUPT,
    HASH_MISMATCH,
    SIZE_MISMATCH,
    STORE_FAILED,
    TIMEOUT,
    CANCELLED,
    COORDINATOR_UNAVAILABLE,
    CLIENT_ABORTED;

    /** The reason of that name; empty if only a newer version knows it. */
    static Optional<Reason> find(String name) {
        return Arrays.stream(values())
                .filter(reason -> reason.name().equals(name))
                .findFirst();
    }
}
