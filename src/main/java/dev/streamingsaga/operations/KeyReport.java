package dev.streamingsaga.operations;

import dev.streamingsaga.encryption.RotationProgress;
import java.util.List;

/**
 * The key encryption keys.
 *
 * @param currentKeyId the key that wraps; empty if none does
 * @param keys the current one, and every other that a document needs
 * @param rotation since the start of this process
 */
public record KeyReport(String currentKeyId, List<KeyUse> keys, RotationProgress rotation) {
    /**
     * @param documents that need it
     * @param available whether a configured provider has it
     */
    public record KeyUse(String keyId, long documents, boolean current, boolean available) {}
}
