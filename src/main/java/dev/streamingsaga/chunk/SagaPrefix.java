package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.BucketLocation;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** Where a saga's objects lie, from facts of the journal; refuses anything that could reach another saga's. */
final class SagaPrefix {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    private SagaPrefix() {}

    /**
     * @param facts {@code sagaId}, {@code documentId} and, if the configured prefix was another one then,
     *     {@code keyPrefix}
     */
    static String of(SagaConfig config, Map<?, ?> facts) {
        String own = id(facts, "documentId") + "/" + id(facts, "sagaId") + "/";
        Object given = facts.get("keyPrefix");
        if (given == null) {
            return config.chunk().prefix() + "/" + own;
        }
        if (!given.toString().endsWith("/" + own)) {
            throw new IllegalArgumentException(
                    "the key prefix " + given + " does not end with this saga's own /" + own);
        }
        return given.toString();
    }

    /** The bucket that the facts name, since the setting may have changed since then; else the configured one. */
    static String bucket(SagaConfig config, Map<?, ?> facts) {
        return Objects.toString(facts.get("bucket"), config.s3().bucket());
    }

    /** The place that the facts name. */
    static BucketLocation place(SagaConfig config, Map<?, ?> facts) {
        String own = "/" + id(facts, "documentId") + "/" + id(facts, "sagaId") + "/";
        String prefix = of(config, facts);
        return new BucketLocation(bucket(config, facts), prefix.substring(0, prefix.length() - own.length()));
    }

    private static String id(Map<?, ?> facts, String name) {
        String value = Objects.toString(facts.get(name), "");
        if (!ID.matcher(value).matches()) {
            throw new IllegalArgumentException("the facts' " + name + " is not an id: '" + value + "'");
        }
        return value;
    }
}
