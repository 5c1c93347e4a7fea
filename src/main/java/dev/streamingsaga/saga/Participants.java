package dev.streamingsaga.saga;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CompensationCause;
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

/** What the saga's routes do besides the steps: enlist participants, record a failure, answer the coordinator. */
final class Participants {
    /** The only option of every participant: an opaque signed token. Everything else comes from the journal. */
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

    /** @param route the participant's route; the callback returns it, which identifies the {@code -compensate} route */
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
     * Journals the reason before the coordinator learns of the failure, since its callbacks cannot carry it; then
     * rethrows.
     */
    void failed(Exchange exchange) {
        ActiveRun run = Steps.run(exchange);
        Throwable thrown = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
        SagaException failure = run.revocation().orElseGet(() -> Failures.of(thrown, run.sagaId(), run.step()));
        if (runs.release(run) || hasEnded(run.sagaId(), run.number())) {
            throw failure;
        }
        journalEnd(run);
        try {
            journal.outcomes().beginCompensation(run.sagaId(), run.number(), Failures.cause(failure, thrown));
        } catch (RuntimeException e) {
            // The journal cannot be reached: the compensation tries again, or the recovery continues the saga, and the
            // coordinator's callbacks must not race with that. The first failure is the one to report.
            failure.addSuppressed(e);
            run.markHandedOver();
        }
        throw failure;
    }

    /** The step before the failed one has ended, even if the journal does not learn it. */
    private static void journalEnd(ActiveRun run) {
        try {
            run.journalEnd();
        } catch (RuntimeException e) {
            // Cancelled meanwhile, or the journal cannot be reached.
        }
    }

    /** Paused, or taken over by a later run. */
    private boolean hasEnded(String sagaId, int run) {
        try {
            SagaRecord saga = journal.sagas().find(sagaId).orElseThrow();
            return saga.state() == SagaState.PAUSED || saga.run() != run;
        } catch (RuntimeException e) {
            // The journal cannot be reached: the compensation tries again.
            return false;
        }
    }

    void compensate(Exchange exchange) {
        exchange.getMessage().setBody(compensate(exchange.getMessage().getBody(Target.class)));
    }

    private CallbackHandler.CallbackAnswer compensate(Target target) {
        SagaRecord saga = journal.sagas().find(target.sagaId()).orElse(null);
        if (saga == null || saga.run() != target.run() || saga.state() == SagaState.PAUSED) {
            return CallbackHandler.CallbackAnswer.DONE;
        }
        if (saga.state() == SagaState.COMPLETED) {
            journal.events()
                    .append(
                            saga.sagaId(),
                            EventKind.STATE,
                            "",
                            "late compensation of " + target.step() + " ignored: COMPLETED is final",
                            "");
            return CallbackHandler.CallbackAnswer.GONE;
        }
        boolean late = journal.clock().instant().isAfter(saga.deadline());
        // The request is journaled now, so a crash cannot lose it. If the answer were "call again", the coordinator
        // would
        // keep the participant as a heuristic one and log a warning in every recovery pass.
        compensator.compensate(
                saga.sagaId(),
                target.run(),
                CompensationCause.permanent(
                        late ? Reason.TIMEOUT : Reason.CANCELLED,
                        "the coordinator cancelled the saga" + (late ? " at its time limit" : "")));
        return CallbackHandler.CallbackAnswer.DONE;
    }

    void complete(Exchange exchange) {
        Target target = exchange.getMessage().getBody(Target.class);
        boolean older = journal.sagas()
                .find(target.sagaId())
                .filter(saga -> saga.run() == target.run())
                .isEmpty();
        exchange.getMessage()
                .setBody(
                        older || completion.complete(target.sagaId(), target.run())
                                ? CallbackHandler.CallbackAnswer.DONE
                                : CallbackHandler.CallbackAnswer.GONE);
    }
}
