package dev.streamingsaga.upload;

import dev.streamingsaga.digest.Sha256;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Hashes of bodies between two requests, in this process only. A body that is continued elsewhere, or after a restart,
 * is hashed at its end by one read of the bucket. Thread-safe.
 */
final class DigestsInProgress {
    private static final int MAX = 256;

    private final Map<String, HashedBytes> newest = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, HashedBytes> eldest) {
            return size() > MAX;
        }
    };

    private record HashedBytes(long count, MessageDigest digest) {}

    /** The hash of the first bytes of a body; empty if it is not known. */
    synchronized Optional<MessageDigest> take(String sagaId, long count) {
        HashedBytes known = newest.remove(sagaId);
        if (count == 0) {
            return Optional.of(Sha256.digest());
        }
        return Optional.ofNullable(known)
                .filter(bytes -> bytes.count() == count)
                .map(HashedBytes::digest);
    }

    synchronized void put(String sagaId, long count, MessageDigest digest) {
        newest.put(sagaId, new HashedBytes(count, digest));
    }
}
