package dev.streamingsaga.saga;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackHandler;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.lra.CallbackToken.Target;
import org.apache.camel.Exchange;
import org.apache.camel.Expression;
import org.apache.camel.support.ExpressionAdapter;

/** What the saga's routes do besides the steps: enlist, note a failure, answer the coordinator. */
final class Participants {
    /** The one option of every participant: an opaque signed token, everything else comes from the journal. */
    static final String OPTION = CallbackToken.OPTION;

    private final Journal journal;
    private final Runs runs;
    private final CallbackToken tokens;
    private final Compensator compensator;
    private final Completion completion;

    Participants(Runs runs, CallbackToken tokens, Compensator compensator, Completion completion) {
        this.journal = runs.journal();
        this.runs = runs;
        this.tokens = tokens;
        this.compensator = compensator;
        this.completion = completion;
    }

    /** @param route of the participant: comes back with the callback, so that its {@code -compensate} route is found */
    Expression token(String route) {
        return new ExpressionAdapter() {
            @Override
            public Object evaluate(Exchange exchange) {
                ActiveRun run = Steps.run(exchange);
                return tokens.issue(new Target(run.sagaId(), run.number(), route));
            }
        };
    }

    void bindLra(Exchange exchange) {
        Steps.run(exchange).bindLra(exchange.getMessage().getHeader(Exchange.SAGA_LONG_RUNNING_ACTION, String.class));
    }

    /**
     * Journals the reason before the coordinator hears of the failure, since its callbacks can't carry it; then fails
     * on.
     */
    void failed(Exchange exchange) {
        ActiveRun run = Steps.run(exchange);
        Throwable thrown = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
        SagaException failure = run.calledOff().orElseGet(() -> Failures.of(thrown, run.sagaId(), run.step()));
        if (runs.release(run) || hasEnded(run.sagaId(), run.number())) {
            throw failure;
        }
        try {
            journal.beginCompensation(
                    run.sagaId(), run.number(), failure.reason(), String.valueOf(failure.getMessage()));
        } catch (RuntimeException e) {
            // The journal is away: the compensation asks it again, or the recovery goes on with the saga; the
            // coordinator's calls would race
            // with that. What failed first is what must be told.
            failure.addSuppressed(e);
            run.release();
        }
        throw failure;
    }

    /** Paused, or taken over by a later run. */
    private boolean hasEnded(String sagaId, int run) {
        try {
            SagaRecord saga = journal.saga(sagaId).orElseThrow();
            return saga.state() == SagaState.PAUSED || saga.run() != run;
        } catch (RuntimeException e) {
            // The journal is away: the compensation will ask it again.
            return false;
        }
    }

    void compensate(Exchange exchange) {
        exchange.getMessage().setBody(compensate(exchange.getMessage().getBody(Target.class)));
    }

    private CallbackHandler.CallbackAnswer compensate(Target target) {
        SagaRecord saga = journal.saga(target.sagaId()).orElse(null);
        if (saga == null || saga.run() != target.run() || saga.state() == SagaState.PAUSED) {
            return CallbackHandler.CallbackAnswer.DONE;
        }
        if (saga.state() == SagaState.COMPLETED) {
            journal.event(
                    saga.sagaId(),
                    EventKind.STATE,
                    "",
                    "late compensation of " + target.step() + " ignored: COMPLETED is final",
                    "");
            return CallbackHandler.CallbackAnswer.GONE;
        }
        boolean late = journal.clock().instant().isAfter(saga.deadline());
        // Journaled now, and undone whatever happens to this process. Asked to call again, the coordinator would keep
        // the participant
        // as a heuristic one, warn of it in every recovery pass, and learn nothing that it needs.
        compensator.compensate(
                saga.sagaId(),
                target.run(),
                late ? Reason.TIMEOUT : Reason.CANCELLED,
                "the coordinator cancelled the saga" + (late ? " at its time limit" : ""));
        return CallbackHandler.CallbackAnswer.DONE;
    }

    void complete(Exchange exchange) {
        Target target = exchange.getMessage().getBody(Target.class);
        boolean older = journal.saga(target.sagaId())
                .filter(saga -> saga.run() == target.run())
                .isEmpty();
        exchange.getMessage()
                .setBody(
                        older || completion.complete(target.sagaId(), target.run())
                                ? CallbackHandler.CallbackAnswer.DONE
                                : CallbackHandler.CallbackAnswer.GONE);
    }
}
