package dev.streamingsaga.operations;

/** An operation that concerns the documents of all owners was refused to somebody who may not see them all. */
public final class LimitedAccessException extends OperationException {
    LimitedAccessException(String what) {
        super(what + " concern documents of every owner and classification, which this access does not permit; nothing"
                + " was done. Use a key without --owners and --max-classification");
    }
}
