package dev.streamingsaga.embedded;

/** A request that is refused before its route sees it. */
final class RefusedRequest extends IllegalArgumentException {
    private final int status;
    private final String type;

    /** @param type problem type without its prefix, such as {@code bad-framing} */
    RefusedRequest(int status, String type, String detail) {
        super(detail);
        this.status = status;
        this.type = type;
    }

    static RefusedRequest framing(String detail) {
        return new RefusedRequest(400, "bad-framing", detail + "; nothing was read, and the connection is closed");
    }

    ProblemAnswer answer() {
        return new ProblemAnswer(status, type, String.valueOf(getMessage()));
    }
}
