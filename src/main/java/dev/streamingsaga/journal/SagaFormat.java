package dev.streamingsaga.journal;

/**
 * The format of a saga's record: what a node must know to run, compensate or publish it. A release that writes
 * something which older releases cannot handle raises {@link #CURRENT}; their nodes then leave such sagas to newer
 * nodes.
 */
public final class SagaFormat {
    /** The format of sagas that begin in this version. */
    static final int INITIAL = 1;

    /** At least one chunk is not stored as it is: see {@link StoredForm}. */
    static final int SEALED = 2;

    /** The newest format that this version handles. */
    public static final int CURRENT = SEALED;

    /** Condition on table {@code saga}: a node of this version may work on it. */
    static final String KNOWN = "format <= " + CURRENT;

    private SagaFormat() {}
}
