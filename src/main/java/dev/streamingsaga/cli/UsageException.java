package dev.streamingsaga.cli;

/** An error that the user can correct; printed without a stack trace. */
final class UsageException extends RuntimeException {
    UsageException(String message) {
        super(message);
    }
}
