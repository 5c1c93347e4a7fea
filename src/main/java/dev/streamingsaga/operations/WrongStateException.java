package dev.streamingsaga.operations;

import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.Locale;

/** A saga does not accept the command in its present state. */
public final class WrongStateException extends OperationException {
    private final String sagaId;
    private final SagaState state;
    private final OperatorCommand command;

    WrongStateException(SagaRecord saga, OperatorCommand command) {
        super("saga " + saga.sagaId() + " is " + saga.state() + " and does not accept "
                + command.name().toLowerCase(Locale.ROOT) + "; nothing was done");
        this.sagaId = saga.sagaId();
        this.state = saga.state();
        this.command = command;
    }

    public String sagaId() {
        return sagaId;
    }

    public SagaState state() {
        return state;
    }

    public OperatorCommand command() {
        return command;
    }
}
