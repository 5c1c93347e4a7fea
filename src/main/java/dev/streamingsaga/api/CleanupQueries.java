package dev.streamingsaga.api;

import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.CleanupQuery;
import java.util.EnumSet;
import java.util.Set;

/** Reads the query parameters that select clean-up entries. */
final class CleanupQueries {
    static final String[] FILTER = {"status", "step"};

    private CleanupQueries() {}

    /**
     * Open entries, if {@code status} says nothing else.
     *
     * @throws Problem 400 if a value is invalid
     */
    static CleanupQuery of(Query query, boolean all) {
        CleanupQuery selected = (all ? CleanupQuery.ALL : CleanupQuery.OPEN)
                .ofStep(query.text("step").orElse(""));
        return query.text("status").map(words -> selected.in(states(words))).orElse(selected);
    }

    /**
     * Open entries only.
     *
     * @throws Problem 400 if a value is invalid
     */
    static CleanupQuery open(Query query) {
        CleanupQuery selected = of(query, false);
        if (!CleanupQuery.OPEN.states().containsAll(selected.states())) {
            throw new Problem(400, "bad-parameter", "closed entries accept no command; status is PENDING or BLOCKED");
        }
        return selected;
    }

    private static Set<CleanupState> states(String words) {
        Set<CleanupState> states = EnumSet.noneOf(CleanupState.class);
        for (String word : words.split(",")) {
            states.add(SagaQueries.constant("status", CleanupState.values(), word));
        }
        return states;
    }
}
