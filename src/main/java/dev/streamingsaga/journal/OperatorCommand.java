package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/** What an operator requests for a saga. */
@PublicApi
public enum OperatorCommand {
    CANCEL,
    PAUSE,
    RESUME
}
