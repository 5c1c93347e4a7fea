package dev.streamingsaga.lra;

/**
 * Handles the callbacks of the coordinator. Both methods journal the request and return; the work continues in the
 * background. The coordinator calls again until the answer is DONE or GONE. Calls come from several threads, but never
 * concurrently for the same step of the same run.
 */
public interface CallbackHandler {
    CallbackHandler.CallbackAnswer compensate(CallbackToken.Target target);

    CallbackHandler.CallbackAnswer complete(CallbackToken.Target target);

    /**
     * DONE: done, or journaled so that it will be done. LATER: call again. GONE: nothing to do, the outcome is final.
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
