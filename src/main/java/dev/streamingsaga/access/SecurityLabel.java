package dev.streamingsaga.access;

import dev.streamingsaga.annotation.PublicApi;
import java.util.regex.Pattern;

/**
 * Whose document it is, and how confidential.
 *
 * @param classification a word of {@link Classification}
 */
@PublicApi
public record SecurityLabel(String owner, String classification) {
    private static final int MAX_OWNER_CHARS = 128;
    private static final Pattern OWNER = Pattern.compile("[^\\p{Cc}\\p{Cs},:]{1," + MAX_OWNER_CHARS + "}");

    /** @throws IllegalArgumentException if a part is invalid; says what is allowed */
    public static SecurityLabel checked(String owner, String classification) {
        requireOwner(owner);
        if (Classification.of(classification).isEmpty()) {
            throw new IllegalArgumentException(
                    "a classification must be one of " + String.join(", ", Classification.words()));
        }
        return new SecurityLabel(owner, classification);
    }

    /** @throws IllegalArgumentException if it is not the name of an owner; says what is allowed */
    public static void requireOwner(String owner) {
        if (!isOwner(owner)) {
            throw new IllegalArgumentException("an owner must have 1 to " + MAX_OWNER_CHARS
                    + " characters, without comma, colon and control characters, and no space at its ends");
        }
    }

    static boolean isOwner(String owner) {
        return OWNER.matcher(owner).matches() && owner.equals(owner.strip());
    }
}
