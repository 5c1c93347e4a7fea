package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.BucketLocation;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** Derives the location of the objects of a saga from journal facts; rejects facts that could refer to another saga. */
final class SagaPrefix {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    private SagaPrefix() {}

    /**
     * @param facts {@code sagaId}, {@code documentId} and, if the prefix was configured differently then,
     *     {@code keyPrefix}
     */
    static String of(SagaConfig config, Map<?, ?> facts) {
        String own = id(facts, "documentId") + "/" + id(facts, "sagaId") + "/";
        Object keyPrefix = facts.get("keyPrefix");
        if (keyPrefix == null) {
            return config.documents().chunk().prefix() + "/" + own;
        }
        if (!keyPrefix.toString().endsWith("/" + own)) {
            throw new IllegalArgumentException(
                    "the key prefix " + keyPrefix + " does not end with this saga's own /" + own);
        }
        return keyPrefix.toString();
    }

    /** The bucket in the facts, since the setting may have changed since then; else the configured one. */
    static String bucket(SagaConfig config, Map<?, ?> facts) {
        return Objects.toString(facts.get("bucket"), config.servers().s3().bucket());
    }

    /** The bucket location in the facts. */
    static BucketLocation location(SagaConfig config, Map<?, ?> facts) {
        String own = "/" + id(facts, "documentId") + "/" + id(facts, "sagaId") + "/";
        String prefix = of(config, facts);
        return new BucketLocation(bucket(config, facts), prefix.substring(0, prefix.length() - own.length()));
    }

    private static String id(Map<?, ?> facts, String name) {
        String value = Objects.toString(facts.get(name), "");
        if (!ID.matcher(value).matches()) {
            throw new IllegalArgumentException("the fact " + name + " is not a valid id: '" + value + "'");
        }
        return value;
    }
}
