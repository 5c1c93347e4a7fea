package dev.streamingsaga.journal;

import dev.streamingsaga.journal.CleanupRepository.Residue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the journal must say of one saga, in the simplest words: no database, no time, no concurrency. */
final class JournalModel {
    static final int MAX_ATTEMPTS = 3;
    static final List<String> STEPS = StepNames.all(List.of("vector"));

    private static final List<SagaState> ORDER = List.of(
            SagaState.RECEIVED, SagaState.UPLOADING, SagaState.VERIFYING, SagaState.PROCESSING, SagaState.COMPLETING);
    private static final Map<String, SagaState> STATE_OF = Map.of(
            "validate",
            SagaState.RECEIVED,
            "start",
            SagaState.RECEIVED,
            "upload",
            SagaState.UPLOADING,
            "verify",
            SagaState.VERIFYING,
            "vector",
            SagaState.PROCESSING,
            "finalize",
            SagaState.COMPLETING);

    SagaState state = SagaState.RECEIVED;
    int run = 1;
    String owner;
    final Map<String, StepState> steps = new LinkedHashMap<>();
    final Map<String, CleanupEntry.CleanupState> entries = new TreeMap<>();
    private final Map<String, Integer> attempts = new TreeMap<>();

    JournalModel(String owner) {
        this.owner = owner;
        STEPS.forEach(step -> steps.put(step, StepState.PENDING));
    }

    static SagaState stateOf(String step) {
        return STATE_OF.get(step);
    }

    boolean isFinal() {
        return List.of(SagaState.COMPLETED, SagaState.COMPENSATED, SagaState.PARTIALLY_COMPENSATED)
                .contains(state);
    }

    boolean isBeingUndone() {
        return state == SagaState.COMPENSATING
                || state == SagaState.PARTIALLY_COMPENSATED
                || state == SagaState.COMPENSATED;
    }

    boolean begin(int asRun, String step) {
        int now = ORDER.indexOf(state);
        int next = ORDER.indexOf(stateOf(step));
        if (asRun != run || now < 0 || next != now && next != now + 1) {
            return false;
        }
        state = stateOf(step);
        steps.put(step, StepState.WRITING);
        return true;
    }

    boolean end(int asRun, String step) {
        if (asRun != run || isFinal() || state == SagaState.COMPENSATING) {
            return false;
        }
        steps.put(step, StepState.WRITTEN);
        return true;
    }

    boolean complete(int asRun) {
        if (asRun == run
                && state == SagaState.COMPLETING
                && steps.values().stream().allMatch(StepState.WRITTEN::equals)) {
            state = SagaState.COMPLETED;
        }
        return state == SagaState.COMPLETED;
    }

    boolean beginCompensation(int asRun) {
        if (asRun == run && !isFinal()) {
            state = SagaState.COMPENSATING;
        }
        return asRun == run && state == SagaState.COMPENSATING;
    }

    boolean undone(int asRun, String step, List<Residue> left) {
        if (asRun != run) {
            return false;
        }
        steps.put(step, left.isEmpty() ? StepState.COMPENSATED : StepState.RESIDUE);
        List<String> there =
                left.stream().map(residue -> step + " " + residue.resource()).toList();
        new TreeSet<>(entries.keySet())
                .stream()
                        .filter(key -> key.startsWith(step + " ") && isOpen(key) && !there.contains(key))
                        .forEach(key -> {
                            entries.put(key, CleanupEntry.CleanupState.DONE);
                            attempts.remove(key);
                        });
        there.stream()
                .filter(key -> entries.get(key) != CleanupEntry.CleanupState.RESOLVED)
                .forEach(key -> entries.put(
                        key,
                        attempts.merge(key, 1, Integer::sum) >= MAX_ATTEMPTS
                                ? CleanupEntry.CleanupState.BLOCKED
                                : CleanupEntry.CleanupState.PENDING));
        settle();
        return true;
    }

    boolean finish(int asRun) {
        if (asRun == run && state == SagaState.COMPENSATING) {
            state = SagaState.PARTIALLY_COMPENSATED;
            settle();
        }
        return asRun == run;
    }

    void resolve(String key) {
        entries.put(key, CleanupEntry.CleanupState.RESOLVED);
        settle();
    }

    boolean pause() {
        if (!ORDER.contains(state)) {
            return false;
        }
        state = SagaState.PAUSED;
        return true;
    }

    boolean handBack(SagaRecord by) {
        if (by.run() != run || by.node().isEmpty() || !by.node().equals(owner) || !ORDER.contains(state)) {
            return false;
        }
        owner = "";
        run++;
        return true;
    }

    boolean resume(SagaRecord seen, String node) {
        if (isNotAsSeen(seen) || state == SagaState.COMPENSATING) {
            return false;
        }
        state = SagaState.RECEIVED;
        run += owner.isEmpty() ? 0 : 1;
        owner = node;
        return true;
    }

    boolean takeOver(SagaRecord seen, String node) {
        if (isNotAsSeen(seen)) {
            return false;
        }
        run += owner.isEmpty() ? 0 : 1;
        owner = node;
        return true;
    }

    private boolean isNotAsSeen(SagaRecord seen) {
        return seen.run() != run || !seen.node().equals(owner) || isFinal();
    }

    private boolean isOpen(String key) {
        return entries.get(key) == CleanupEntry.CleanupState.PENDING
                || entries.get(key) == CleanupEntry.CleanupState.BLOCKED;
    }

    boolean hasOpenEntries() {
        return entries.keySet().stream().anyMatch(this::isOpen);
    }

    /** Undone stays undone; only what is known of the residue changes. */
    private void settle() {
        if (state == SagaState.PARTIALLY_COMPENSATED || state == SagaState.COMPENSATED) {
            state = hasOpenEntries() ? SagaState.PARTIALLY_COMPENSATED : SagaState.COMPENSATED;
        }
    }

    List<String> entryKeys() {
        return new ArrayList<>(entries.keySet());
    }
}
