package dev.streamingsaga.journal;

/** What an operator requests for a saga. */
public enum OperatorCommand {
    CANCEL,
    PAUSE,
    RESUME
}
