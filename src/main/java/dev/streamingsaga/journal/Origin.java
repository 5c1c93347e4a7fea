package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a saga's document comes from. Its key is the same on every node; its bytes may be readable on one host only.
 *
 * @param key identifies the source on every node: the absolute path of a file; for a received body a text made of
 *     sender, document name and digest
 * @param host the id of the host whose disk holds the source, or that read it last from a shared one; empty for a saga
 *     of a process that did not record it
 * @param identity the source as its last run, or its registration, saw it; empty if it was not readable
 */
@PublicApi
public record Origin(String key, String host, Optional<SourceIdentity> identity) {
    /** A file, on an unknown host. */
    public static Origin of(Path file) {
        return new Origin(file.toString(), "", Optional.empty());
    }

    /** The same source, with the identity that a caller saw. */
    public Origin as(SourceIdentity seen) {
        return new Origin(key, host, Optional.of(seen));
    }

    /** Whether it is a body that was received over HTTP or as a message, and not a file of its sender. */
    public boolean isBody(Path source) {
        return !key.equals(source.toString());
    }
}
