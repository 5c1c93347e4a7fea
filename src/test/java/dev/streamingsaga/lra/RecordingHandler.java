package dev.streamingsaga.lra;

import dev.streamingsaga.lra.CallbackToken.Target;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** Records each callback and returns the configured answer. */
final class RecordingHandler implements CallbackHandler {
    final List<Target> compensated = new CopyOnWriteArrayList<>();
    final List<Target> completed = new CopyOnWriteArrayList<>();
    volatile Function<Target, CallbackHandler.CallbackAnswer> behaviour = target -> CallbackHandler.CallbackAnswer.DONE;

    @Override
    public CallbackHandler.CallbackAnswer compensate(Target target) {
        compensated.add(target);
        return behaviour.apply(target);
    }

    @Override
    public CallbackHandler.CallbackAnswer complete(Target target) {
        completed.add(target);
        return behaviour.apply(target);
    }
}
