package dev.streamingsaga.operations;

/**
 * How far an instance has been taken out of work.
 *
 * @param running sagas that this process still runs or compensates
 * @param handedOver sagas that it has released, for another node or for the next start
 */
public record DrainProgress(State state, int running, int handedOver) {
    /** SERVING: not requested. DRAINING: sagas may still run. DRAINED: none runs, and none begins. */
    public enum State {
        SERVING,
        DRAINING,
        DRAINED
    }
}
