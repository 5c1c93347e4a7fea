package dev.streamingsaga.extractor;

/** A parser cannot read its document to the end: damage or encryption, and not a failure of ours. */
public final class ParsingException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Throwable failure;

    ParsingException(Throwable failure) {
        super("the document cannot be read to the end: " + failure, failure);
        this.failure = failure;
    }

    /** What the parser threw. */
    public Throwable failure() {
        return failure;
    }
}
