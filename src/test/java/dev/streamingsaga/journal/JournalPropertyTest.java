package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.LossyDatabase.Loss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * Whatever anybody does to a saga, in whatever order, on however many nodes, and whichever writes and replies get lost:
 * the journal says what {@link JournalModel} says. jqwik prints the seed of a failure and shrinks its history.
 */
@Tag("unit")
class JournalPropertyTest {
    private static final RetryPolicy POLICY = new RetryPolicy(Duration.ofSeconds(30), JournalModel.MAX_ATTEMPTS);

    private static final EventDraft.OnResidue QUIET = open -> List.of();

    private static Path directory;
    private static Databases.OpenDatabase database;
    private static int sources;

    /** What somebody may do. */
    private enum Kind {
        PASS_NEXT,
        BEGIN_NEXT,
        BEGIN_ANY,
        END,
        COMPLETE,
        BEGIN_COMPENSATION,
        UNDO,
        FINISH,
        RESOLVE,
        PAUSE,
        RESUME,
        TAKE_OVER,
        HAND_BACK
    }

    /**
     * @param actor which run does it, counted from the newest: 0 mostly
     * @param what which step, resource or entry
     */
    private record Act(Kind kind, int actor, int what, Loss loss) {}

    /** A run as somebody believes to own it. */
    private record Actor(Journal journal, SagaRecord saga) {
        int run() {
            return saga.run();
        }
    }

    @BeforeContainer
    static void open() throws IOException {
        directory = Files.createTempDirectory("journal-property");
        database =
                Databases.open("journal", new Database(Optional.empty(), "", "", 2, Duration.ofSeconds(10)), directory);
    }

    @AfterContainer
    static void close() throws IOException {
        if (database != null) {
            database.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Provide
    Arbitrary<List<Act>> histories() {
        Arbitrary<Kind> kind = Arbitraries.frequency(
                Tuple.of(12, Kind.PASS_NEXT),
                Tuple.of(3, Kind.BEGIN_NEXT),
                Tuple.of(4, Kind.END),
                Tuple.of(1, Kind.BEGIN_ANY),
                Tuple.of(4, Kind.COMPLETE),
                Tuple.of(1, Kind.BEGIN_COMPENSATION),
                Tuple.of(3, Kind.UNDO),
                Tuple.of(2, Kind.FINISH),
                Tuple.of(1, Kind.RESOLVE),
                Tuple.of(1, Kind.PAUSE),
                Tuple.of(1, Kind.RESUME),
                Tuple.of(3, Kind.TAKE_OVER),
                Tuple.of(2, Kind.HAND_BACK));
        Arbitrary<Integer> actor = Arbitraries.frequency(Tuple.of(4, 0), Tuple.of(3, 1), Tuple.of(1, 2));
        Arbitrary<Loss> loss =
                Arbitraries.frequency(Tuple.of(8, Loss.NOTHING), Tuple.of(1, Loss.WRITE), Tuple.of(1, Loss.REPLY));
        return Combinators.combine(kind, actor, Arbitraries.integers().between(0, 11), loss)
                .as(Act::new)
                .list()
                .ofMinSize(5)
                .ofMaxSize(45);
    }

    @Property(tries = 200)
    void says_what_the_model_says(@ForAll @IntRange(max = 6) int stepsPassed, @ForAll("histories") List<Act> history) {
        List<Act> whole =
                new ArrayList<>(Collections.nCopies(stepsPassed, new Act(Kind.PASS_NEXT, 0, 0, Loss.NOTHING)));
        whole.addAll(history);
        new World().live(whole);
    }

    private static final class World {
        private final LossyDatabase lossy = new LossyDatabase(database.dataSource());
        private final HandClock clock = new HandClock();
        private final JournalModel model = new JournalModel("node-1");
        private final List<Actor> actors = new ArrayList<>();
        private final Path source = Path.of("/in/" + sources++);
        private final String sagaId;

        World() {
            Journal journal = new Journal(lossy, clock, "node-1");
            SagaRecord saga = journal.registration()
                    .receive(new NewSaga(source, List.of("vector"), Duration.ofHours(1), "o", "internal", "none", true))
                    .saga();
            sagaId = saga.sagaId();
            actors.add(new Actor(journal, saga));
        }

        void live(List<Act> history) {
            for (Act act : history) {
                SagaState before = model.state;
                boolean wasFinal = model.isFinal();
                lossy.lose(act.loss(), 0);
                perform(act, actors.get(Math.max(0, actors.size() - 1 - act.actor())));
                lossy.restore();
                compare(act);
                if (wasFinal && before != model.state) {
                    assertThat(List.of(before, model.state))
                            .as("undone stays undone, completed stays completed")
                            .containsExactlyInAnyOrder(SagaState.PARTIALLY_COMPENSATED, SagaState.COMPENSATED);
                }
            }
        }

        private void perform(Act act, Actor actor) {
            Journal journal = actor.journal();
            String step = JournalModel.STEPS.get(act.what() % JournalModel.STEPS.size());
            switch (act.kind()) {
                case PASS_NEXT ->
                    next().ifPresent(next -> {
                        begin(actor, next);
                        told(
                                () -> refusable(
                                        () -> journal.steps().ends(sagaId, actor.run(), next, OptionalLong.empty())),
                                () -> model.end(actor.run(), next));
                    });
                case BEGIN_NEXT -> next().ifPresent(next -> begin(actor, next));
                case BEGIN_ANY -> begin(actor, step);
                case END ->
                    model.steps.forEach((name, state) -> {
                        if (state == StepState.WRITING) {
                            told(
                                    () -> refusable(() ->
                                            journal.steps().ends(sagaId, actor.run(), name, OptionalLong.empty())),
                                    () -> model.end(actor.run(), name));
                        }
                    });
                case COMPLETE ->
                    told(() -> journal.outcomes().complete(sagaId, actor.run()), () -> model.complete(actor.run()));
                case BEGIN_COMPENSATION ->
                    told(
                            () -> journal.outcomes().beginCompensation(sagaId, actor.run(), Reason.CANCELLED, "why"),
                            () -> model.beginCompensation(actor.run()));
                case UNDO -> undo(actor, act.what() % 2 == 0 ? "upload" : "vector", act.what() / 3);
                case FINISH ->
                    told(
                            () -> refusable(() -> journal.outcomes().finishCompensation(sagaId, actor.run(), QUIET)),
                            () -> model.finish(actor.run()));
                case RESOLVE -> resolve(journal, act.what());
                case PAUSE -> told(() -> journal.commands().pause(sagaId), model::pause);
                case RESUME ->
                    takeOver(actor, (next, seen) -> next.leases().resume(seen, Duration.ofHours(1)), model::resume);
                case HAND_BACK -> handBack(actor);
                case TAKE_OVER -> takeOver(actor, (next, seen) -> next.leases().takeOver(seen), model::takeOver);
            }
        }

        /** The first step that is neither written nor being written. */
        private Optional<String> next() {
            return model.steps.entrySet().stream()
                    .filter(step -> step.getValue() != StepState.WRITTEN)
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .filter(step -> model.steps.get(step) != StepState.WRITING);
        }

        private void begin(Actor actor, String step) {
            told(
                    () -> refusable(() ->
                            actor.journal().steps().begins(sagaId, actor.run(), step, JournalModel.stateOf(step))),
                    () -> model.begin(actor.run(), step));
        }

        private void undo(Actor actor, String step, int pieces) {
            if (actor.run() == model.run && !model.isBeingUndone()) {
                return; // nobody does: a compensation begins with its decision
            }
            List<Residue> left = new ArrayList<>();
            for (int i = 0; i < pieces; i++) {
                left.add(new Residue("piece-" + i, "refused"));
            }
            told(
                    () -> refusable(() -> actor.journal()
                            .outcomes()
                            .stepCompensated(actor.saga(), step, new StepCompensation(left, List.of()), POLICY, QUIET)),
                    () -> model.undone(actor.run(), step, left));
        }

        private void resolve(Journal journal, int which) {
            List<CleanupEntry> entries = journal.cleanups().of(sagaId);
            if (!entries.isEmpty()) {
                CleanupEntry entry = entries.get(which % entries.size());
                told(() -> refusable(() -> journal.outcomes().resolve(entry, "decided")), () -> {
                    model.resolve(entry.step() + " " + entry.resource());
                    return true;
                });
            }
        }

        @FunctionalInterface
        private interface Claim {
            boolean by(Journal journal, SagaRecord seen);
        }

        @FunctionalInterface
        private interface ModelClaim {
            boolean of(SagaRecord seen, String node);
        }

        /** A process that starts anew: it saw the saga as the actor did, or later. */
        private void takeOver(Actor seen, Claim claim, ModelClaim inModel) {
            String node = "node-" + (actors.size() + 1);
            Journal next = new Journal(lossy, clock, node);
            told(() -> claim.by(next, seen.saga()), () -> inModel.of(seen.saga(), node));
            if (model.owner.equals(node)) {
                // Also if the reply was lost.
                actors.add(new Actor(next, next.sagas().find(sagaId).orElseThrow()));
            }
        }

        /** From now on others see it without an owner; who had it goes on as if it had not noticed. */
        private void handBack(Actor actor) {
            int before = model.run;
            told(() -> actor.journal().leases().handOver(sagaId, actor.run()), () -> model.handBack(actor.saga()));
            if (model.run != before) {
                Journal nobody = new Journal(lossy, clock, "nobody");
                actors.add(new Actor(nobody, nobody.sagas().find(sagaId).orElseThrow()));
            }
        }

        private static boolean refusable(Runnable write) {
            try {
                write.run();
                return true;
            } catch (SagaException e) {
                return false;
            }
        }

        /**
         * Does it to the journal, then to the model, unless the journal never heard of it; both must answer the same.
         */
        private void told(BooleanSupplier journal, BooleanSupplier inModel) {
            boolean answer;
            try {
                answer = journal.getAsBoolean();
            } catch (DataAccessException | TransactionException e) {
                if (LossyDatabase.isLostReply(e)) {
                    boolean unused = inModel.getAsBoolean();
                }
                return;
            }
            assertThat(answer).isEqualTo(inModel.getAsBoolean());
        }

        private void compare(Act act) {
            Journal journal = new Journal(database.dataSource(), clock, "reader");
            SagaRecord saga = journal.sagas().find(sagaId).orElseThrow();
            assertThat(saga.state()).as("after %s", act).isEqualTo(model.state);
            assertThat(saga.run()).as("after %s", act).isEqualTo(model.run);
            assertThat(saga.node()).as("after %s", act).isEqualTo(model.owner);
            assertThat(journal.steps().of(sagaId).stream()
                            .collect(Collectors.toMap(StepRecord::name, StepRecord::state)))
                    .as("after %s", act)
                    .isEqualTo(model.steps);
            Map<String, CleanupEntry.CleanupState> entries = new TreeMap<>();
            journal.cleanups()
                    .of(sagaId)
                    .forEach(entry -> entries.put(entry.step() + " " + entry.resource(), entry.state()));
            assertThat(entries).as("after %s", act).isEqualTo(model.entries);
            assertThat(journal.registration().holder(source.toString()).isPresent())
                    .as("claimed, after %s", act)
                    .isEqualTo(!model.isFinal());
            assertThat(saga.finishedAt().isPresent())
                    .as("finished, after %s", act)
                    .isEqualTo(model.isFinal());
            if (model.isFinal()) {
                assertThat(model.hasOpenEntries())
                        .as("open entries of a %s saga", model.state)
                        .isEqualTo(model.state == SagaState.PARTIALLY_COMPENSATED);
            }
        }
    }
}
