package dev.streamingsaga.config;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Arrays;
import java.util.Locale;

/**
 * Which outcomes of a saga fail the exchange that started it. This matters to a consumer whose exchange decides what
 * happens to its input, such as {@code file:} with {@code move} and {@code moveFailed}.
 */
@PublicApi
public enum FailOn {
    /** None: the exchange carries the result, and its route checks the status. */
    NEVER,
    /** Every outcome except COMPLETED. */
    COMPENSATED,
    /** PARTIALLY_COMPENSATED only: a saga without residue does not fail the exchange. */
    PARTIALLY_COMPENSATED;

    /**
     * Parses a value of {@code saga.hub.fail-on}, in any letter case.
     *
     * @throws IllegalArgumentException naming the words that are allowed
     */
    public static FailOn of(String word) {
        return Arrays.stream(values())
                .filter(each -> each.word().equals(word.strip().toLowerCase(Locale.ROOT)))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("must be one of "
                        + String.join(
                                ", ", Arrays.stream(values()).map(FailOn::word).toList()) + ", was \"" + word + "\""));
    }

    /** @param status of an ingest result */
    public boolean fails(String status) {
        return switch (this) {
            case NEVER -> false;
            case COMPENSATED -> !status.equals("COMPLETED");
            case PARTIALLY_COMPENSATED -> status.equals("PARTIALLY_COMPENSATED");
        };
    }

    private String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
