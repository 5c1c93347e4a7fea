package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Collection;
import java.util.Map;

/**
 * How many sagas match a query.
 *
 * @param sagas by state; a state without such sagas is absent
 * @param complete whether all sagas were counted; otherwise there may be more
 */
@PublicApi
public record SagaCount(Map<SagaState, Long> sagas, boolean complete) {

    public long in(Collection<SagaState> states) {
        return states.stream().mapToLong(state -> sagas.getOrDefault(state, 0L)).sum();
    }

    public long all() {
        return in(sagas.keySet());
    }
}
