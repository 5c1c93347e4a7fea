package dev.streamingsaga.journal;

import static dev.streamingsaga.journal.SagaState.COMPENSATED;
import static dev.streamingsaga.journal.SagaState.COMPENSATING;
import static dev.streamingsaga.journal.SagaState.COMPLETED;
import static dev.streamingsaga.journal.SagaState.COMPLETING;
import static dev.streamingsaga.journal.SagaState.PARTIALLY_COMPENSATED;
import static dev.streamingsaga.journal.SagaState.PAUSED;
import static dev.streamingsaga.journal.SagaState.PROCESSING;
import static dev.streamingsaga.journal.SagaState.RECEIVED;
import static dev.streamingsaga.journal.SagaState.UPLOADING;
import static dev.streamingsaga.journal.SagaState.VERIFYING;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of legal transitions, written a second time. */
@Tag("unit")
class SagaStateTest {
    private static final Map<SagaState, Set<SagaState>> LEGAL = Map.of(
            RECEIVED, Set.of(UPLOADING, PAUSED, COMPENSATING),
            UPLOADING, Set.of(VERIFYING, PAUSED, COMPENSATING),
            VERIFYING, Set.of(PROCESSING, PAUSED, COMPENSATING),
            PROCESSING, Set.of(COMPLETING, PAUSED, COMPENSATING),
            COMPLETING, Set.of(COMPLETED, PAUSED, COMPENSATING),
            PAUSED, Set.of(RECEIVED, COMPENSATING),
            COMPENSATING, Set.of(COMPENSATED, PARTIALLY_COMPENSATED),
            COMPENSATED, Set.of(PARTIALLY_COMPENSATED),
            PARTIALLY_COMPENSATED, Set.of(COMPENSATED),
            COMPLETED, Set.of());

    @ParameterizedTest
    @EnumSource
    void allows_the_legal_transitions_and_no_other(SagaState from) {
        Set<SagaState> allowed = Arrays.stream(SagaState.values())
                .filter(next -> next != from)
                .filter(from::canTransitionTo)
                .collect(Collectors.toSet());

        assertThat(allowed).isEqualTo(LEGAL.get(from));
        assertThat(from.canTransitionTo(from)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void only_outcomes_are_final(SagaState state) {
        assertThat(state.isFinal())
                .isEqualTo(Set.of(COMPLETED, COMPENSATED, PARTIALLY_COMPENSATED).contains(state));
    }
}
