package dev.streamingsaga.cli;

/** Something that the user can put right; told without a stack trace. */
final class UsageException extends RuntimeException {
    UsageException(String message) {
        super(message);
    }
}
