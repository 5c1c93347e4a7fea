package dev.streamingsaga.lra;

/**
 * Takes the coordinator's word. Both methods record the wish durably and return; the work goes on behind them. They are
 * called again until they answer DONE or GONE, from several threads, but never twice at a time for the same step of the
 * same run.
 */
public interface CallbackHandler {
    CallbackHandler.CallbackAnswer compensate(CallbackToken.Target target);

    CallbackHandler.CallbackAnswer complete(CallbackToken.Target target);

    /**
     * DONE: it is done, or journaled and certain to be done. LATER: call again. GONE: nothing to do any more, the
     * outcome is final.
     */
    enum CallbackAnswer {
        DONE(200),
        LATER(202),
        GONE(410);

        private final int status;

        CallbackAnswer(int status) {
            this.status = status;
        }

        int status() {
            return status;
        }
    }
}
