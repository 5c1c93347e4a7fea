package dev.streamingsaga.access;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which documents somebody may see, and store. For them, others do not exist.
 *
 * @param owners documents of these owners only; empty: of all
 * @param max documents up to this classification
 */
@PublicApi
public record AccessLimit(Optional<Set<String>> owners, Classification max) {
    /** Every document. */
    public static final AccessLimit NONE = new AccessLimit(Optional.empty(), Classification.RESTRICTED);

    public AccessLimit {
        owners = owners.map(Set::copyOf);
    }

    /** @throws IllegalArgumentException if there is no owner, or one is invalid */
    public static AccessLimit ofOwners(Set<String> owners, Classification max) {
        if (owners.isEmpty() || !owners.stream().allMatch(SecurityLabel::isOwner)) {
            throw new IllegalArgumentException(
                    "owners must be one or more names of 1 to 128 characters, without comma, colon and control"
                            + " characters");
        }
        return new AccessLimit(Optional.of(owners), max);
    }

    public boolean isUnlimited() {
        return owners.isEmpty() && max == Classification.RESTRICTED;
    }

    /** A classification that is not known is never permitted to somebody who is limited. */
    public boolean permits(String owner, String classification) {
        return isUnlimited()
                || owners.map(permitted -> permitted.contains(owner)).orElse(true)
                        && classifications().contains(classification);
    }

    public boolean permits(SecurityLabel label) {
        return permits(label.owner(), label.classification());
    }

    /** The permitted classifications, as words. */
    public List<String> classifications() {
        return max.upTo();
    }

    /** The only owner whose documents are permitted, if there is exactly one. */
    public Optional<String> onlyOwner() {
        return owners.filter(permitted -> permitted.size() == 1)
                .map(permitted -> permitted.iterator().next());
    }

    @Override
    public String toString() {
        return owners.map(permitted -> "owners " + String.join(", ", new TreeSet<>(permitted)) + " up to ")
                        .orElse("up to ")
                + max.word();
    }
}
