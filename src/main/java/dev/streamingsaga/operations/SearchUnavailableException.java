package dev.streamingsaga.operations;

/** There is no search, because the store {@code vector} is not in {@code saga.participants}. */
public final class SearchUnavailableException extends OperationException {
    SearchUnavailableException() {
        super("search requires the store vector in saga.participants");
    }
}
