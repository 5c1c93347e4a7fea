package dev.streamingsaga.api;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.SecurityLabel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The owner and classification that a request gives its document. */
final class DocumentLabels {
    static final String OWNER = "Saga-Owner";
    static final String CLASSIFICATION = "Saga-Classification";

    private final SecurityLabel usual;

    /** @param usual of documents that come without */
    DocumentLabels(SecurityLabel usual) {
        this.usual = usual;
    }

    /**
     * From the headers of the request.
     *
     * @return empty if the request gives none and its caller may do so
     * @throws Problem 400 if a value is invalid, 403 if the caller may not store such documents
     */
    Optional<SecurityLabel> of(HttpCall call, Caller caller) {
        return of(
                call.header(OWNER).map(RequestText::decoded).orElse(null),
                call.header(CLASSIFICATION).orElse(null),
                caller);
    }

    /** As {@link #of(HttpCall, Caller)}, from other sources. */
    Optional<SecurityLabel> of(@Nullable String owner, @Nullable String classification, Caller caller) {
        AccessLimit limit = caller.limit();
        if (owner == null && classification == null && limit.isUnlimited()) {
            return Optional.empty();
        }
        SecurityLabel label = checked(
                owner == null ? limit.onlyOwner().orElse(usual.owner()) : owner,
                classification == null ? usual.classification() : classification);
        if (!limit.permits(label)) {
            throw new Problem(
                    403,
                    "label-not-permitted",
                    "this caller may store documents of " + limit + " only, and this one would be of owner "
                            + RequestText.shown(label.owner()) + ", " + label.classification()
                            + "; send other values as " + OWNER + " and " + CLASSIFICATION + ". Nothing was stored");
        }
        return Optional.of(label);
    }

    private static SecurityLabel checked(String owner, String classification) {
        try {
            return SecurityLabel.checked(owner, classification);
        } catch (IllegalArgumentException e) {
            throw new Problem(400, "bad-label", e.getMessage() + "; nothing was stored");
        }
    }

    SecurityLabel orUsual(Optional<SecurityLabel> label) {
        return label.orElse(usual);
    }

    SecurityLabel usual() {
        return usual;
    }
}
