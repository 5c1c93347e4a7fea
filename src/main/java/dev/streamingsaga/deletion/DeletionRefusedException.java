package dev.streamingsaga.deletion;

import dev.streamingsaga.journal.DeletionRepository.Refusal;

/** A document cannot be deleted now; nothing was changed. */
public final class DeletionRefusedException extends RuntimeException {
    private final Refusal refusal;
    private final String documentId;

    DeletionRefusedException(DeletionRequest request, Refusal refusal, String detail) {
        super(text(request, refusal, detail));
        this.refusal = refusal;
        this.documentId = request.documentId();
    }

    private static String text(DeletionRequest request, Refusal refusal, String detail) {
        String what = request.sagaId().map(saga -> "version " + saga + " of ").orElse("") + "document "
                + request.documentId();
        return switch (refusal) {
            case UNKNOWN -> "there is no completed " + what + "; nothing was deleted";
            case UNFINISHED ->
                what + " is not deleted, because saga " + detail
                        + " is storing it; wait for that saga or cancel it, then delete it again";
            case FORBIDDEN -> what + " is not deleted: " + detail;
        };
    }

    public Refusal refusal() {
        return refusal;
    }

    public String documentId() {
        return documentId;
    }
}
