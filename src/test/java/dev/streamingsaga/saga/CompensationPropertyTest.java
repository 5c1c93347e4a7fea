package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.LossyDatabase.Loss;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StepState;
import dev.streamingsaga.lra.CallbackToken.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Whatever happens to a saga on three nodes, which of them die and are started anew, whichever stores fail and whatever
 * the journal loses: what the journal says about the end is what the stores hold. The engine, its routes and the
 * journal are the real ones. jqwik prints the seed of a failure.
 */
@Tag("one-jdk")
@Tag("unit")
class CompensationPropertyTest {
    private static final int MAX_ATTEMPTS = 3;

    private static Path directory;
    private static Databases.OpenDatabase database;
    private static SagaConfig config;
    private static final HandClock CLOCK = new HandClock();
    private static final PropertyStores STORES = new PropertyStores();
    private static final List<PropertyNode> NODES = new ArrayList<>();

    private enum Kind {
        STEP,
        HALF_STEP,
        FAIL,
        CANCEL,
        LATE_FAIL,
        CALLBACK,
        CLOSE,
        CLOSED_CALLBACK,
        PAUSE,
        RESUME,
        TAKE_OVER,
        RETRY,
        STORE_FAILS,
        RESTART
    }

    /**
     * @param who which run does it, counted from the newest
     * @param what which store, failure or number of times
     * @param loss of one journal write, after {@code what} others
     */
    private record Act(Kind kind, int who, int what, Loss loss) {}

    private record Owner(PropertyNode node, ActiveRun run) {}

    @BeforeContainer
    static void open() throws Exception {
        directory = Files.createTempDirectory("compensation-property");
        config = Settings.parse(Map.of(
                "saga.data.dir",
                directory.toString(),
                "saga.participants",
                "alpha,beta",
                "saga.compensation.max-attempts",
                "" + MAX_ATTEMPTS,
                "saga.compensation.step-timeout",
                "10s"));
        database = Databases.open("journal", config.servers().journal(), directory);
        for (int i = 0; i < 3; i++) {
            NODES.add(new PropertyNode(config, database.dataSource(), CLOCK, STORES));
        }
    }

    @AfterContainer
    static void close() throws IOException {
        NODES.forEach(PropertyNode::close);
        NODES.clear();
        if (database != null) {
            database.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Provide
    Arbitrary<List<Act>> histories() {
        Arbitrary<Kind> kind = Arbitraries.frequency(
                Tuple.of(14, Kind.STEP),
                Tuple.of(2, Kind.HALF_STEP),
                Tuple.of(1, Kind.FAIL),
                Tuple.of(1, Kind.CANCEL),
                Tuple.of(1, Kind.LATE_FAIL),
                Tuple.of(2, Kind.CALLBACK),
                Tuple.of(2, Kind.CLOSE),
                Tuple.of(1, Kind.CLOSED_CALLBACK),
                Tuple.of(1, Kind.PAUSE),
                Tuple.of(1, Kind.RESUME),
                Tuple.of(2, Kind.TAKE_OVER),
                Tuple.of(2, Kind.RETRY),
                Tuple.of(3, Kind.STORE_FAILS),
                Tuple.of(1, Kind.RESTART));
        Arbitrary<Integer> who = Arbitraries.frequency(Tuple.of(5, 0), Tuple.of(1, 1), Tuple.of(1, 2));
        Arbitrary<Loss> loss =
                Arbitraries.frequency(Tuple.of(6, Loss.NOTHING), Tuple.of(1, Loss.WRITE), Tuple.of(1, Loss.REPLY));
        return Combinators.combine(kind, who, Arbitraries.integers().between(0, 11), loss)
                .as(Act::new)
                .list()
                .ofMinSize(4)
                .ofMaxSize(30);
    }

    @Property(tries = 150)
    void stores_hold_what_the_journal_says(@ForAll("histories") List<Act> history) throws Exception {
        World world = new World();
        for (Act act : history) {
            world.live(act);
        }
        world.settle();
    }

    private static final class World {
        private final List<Owner> owners = new ArrayList<>();
        private final Journal journal = new Journal(database.dataSource(), CLOCK, "reader");
        private final String sagaId;
        private Optional<SagaState> outcome = Optional.empty();

        World() throws IOException {
            STORES.repair();
            Path source = Files.createTempFile(directory, "source", ".bin");
            PropertyNode node = NODES.get(0);
            SagaRecord saga = node.journal
                    .registration()
                    .receive(new NewSaga(
                            source, config.participants(), Duration.ofDays(99), "o", "internal", "none", true))
                    .saga();
            sagaId = saga.sagaId();
            owners.add(new Owner(node, node.runs.begin(saga)));
        }

        void live(Act act) throws Exception {
            Owner owner = owners.get(Math.max(0, owners.size() - 1 - act.who()));
            if (act.kind() == Kind.RESTART) {
                restart(owner.node());
                return;
            }
            if (!NODES.contains(owner.node()) && act.kind() != Kind.RESUME && act.kind() != Kind.TAKE_OVER) {
                return; // the dead do nothing; others take over what they had
            }
            owner.node().database.lose(act.loss(), act.what() / 2);
            try {
                perform(act, owner);
            } catch (SagaException e) {
                // refused: somebody else's by now, or to be undone
            } catch (RuntimeException e) {
                assertThat(owner.node().database.restore())
                        .as("nothing was lost, yet %s failed with %s", act, e)
                        .isTrue();
            } finally {
                owner.node().database.restore();
            }
            check("after " + act);
        }

        /** All that the process knew is gone; what it wrote is there. */
        private static void restart(PropertyNode node) throws Exception {
            int index = NODES.indexOf(node);
            if (index >= 0) {
                node.close();
                NODES.set(index, new PropertyNode(config, database.dataSource(), CLOCK, STORES));
            }
        }

        private void perform(Act act, Owner owner) {
            switch (act.kind()) {
                case STEP -> step(owner, true);
                case HALF_STEP -> {
                    step(owner, false);
                    owner.node()
                            .engine
                            .failed(owner.run(), new IllegalStateException("half of it"))
                            .join();
                }
                case FAIL, LATE_FAIL ->
                    owner.node()
                            .engine
                            .failed(owner.run(), new IllegalStateException("on purpose"))
                            .join();
                case CANCEL -> owner.node().engine.cancel(sagaId).join();
                case CALLBACK ->
                    owner.node()
                            .engine
                            .compensate(new Target(sagaId, owner.run().number(), "participant-alpha"));
                case CLOSE -> owner.node().engine.closed(owner.run());
                case CLOSED_CALLBACK ->
                    owner.node().engine.complete(new Target(sagaId, owner.run().number(), "run"));
                case PAUSE -> owner.node().engine.pause(sagaId);
                case RESUME, TAKE_OVER -> takeOver(act.kind() == Kind.RESUME);
                case RETRY -> retry(owner.node());
                case STORE_FAILS ->
                    STORES.fail(
                            PropertyNode.stepsWithData(config).get(act.what() % 3),
                            PropertyStores.Failure.values()[act.what() / 3],
                            1 + act.what() % 4);
                case RESTART -> throw new IllegalArgumentException("not done by a node");
            }
        }

        /** The next step of the run, or half of it. */
        private void step(Owner owner, boolean whole) {
            ActiveRun run = owner.run();
            Optional<String> next = journal.steps().of(sagaId).stream()
                    .filter(s -> s.state() != StepState.WRITTEN)
                    .map(StepRecord::name)
                    .findFirst();
            if (next.isEmpty()) {
                return;
            }
            String name = next.get();
            run.begin(name, PropertyNode.STATES.get(name));
            if (name.equals("start")) {
                run.setDocument(PropertyNode.document(run.initialSaga()));
            }
            for (int piece = 0; PropertyNode.stepsWithData(config).contains(name) && piece < (whole ? 3 : 1); piece++) {
                try (Run.Permit permit = run.permit()) {
                    STORES.write(name, sagaId, piece);
                }
            }
            if (whole) {
                run.end(name, OptionalLong.empty());
            }
        }

        /**
         * Another node goes on with it: with another run, or by undoing it. The former owner lives and knows nothing of
         * it.
         */
        private void takeOver(boolean resume) {
            PropertyNode next = NODES.get(owners.size() % NODES.size());
            SagaRecord seen = journal.sagas().find(sagaId).orElseThrow();
            // A step that writes has stopped before: here all writes are over between two acts.
            if (resume
                    ? next.journal.leases().resume(seen, Duration.ofDays(99))
                    : next.journal.leases().takeOver(seen)) {
                SagaRecord taken = journal.sagas().find(sagaId).orElseThrow();
                owners.add(new Owner(next, next.runs.begin(taken)));
                if (!resume) {
                    next.engine
                            .compensate(sagaId, taken.run(), Reason.CANCELLED, "taken over")
                            .join();
                }
            }
        }

        private void retry(PropertyNode node) {
            CLOCK.forward(Duration.ofHours(2));
            node.journal.cleanups().due().stream()
                    .filter(entry -> entry.sagaId().equals(sagaId))
                    .forEach(node.engine::retry);
        }

        private void check(String when) {
            SagaRecord saga = journal.sagas().find(sagaId).orElseThrow();
            List<CleanupEntry> open = journal.cleanups().of(sagaId).stream()
                    .filter(entry -> entry.state().isOpen())
                    .toList();
            outcome.ifPresent(before -> assertThat(saga.state() == before
                            || before == SagaState.PARTIALLY_COMPENSATED && saga.state() == SagaState.COMPENSATED)
                    .as("%s: %s became %s", when, before, saga.state())
                    .isTrue());
            outcome = saga.state().isFinal() ? Optional.of(saga.state()) : Optional.empty();
            switch (saga.state()) {
                case COMPLETED ->
                    PropertyNode.stepsWithData(config)
                            .forEach(step -> assertThat(STORES.held(step, sagaId))
                                    .as("%s: %s of a completed saga", when, step)
                                    .hasSize(3));
                case COMPENSATED -> {
                    assertThat(journal.steps().of(sagaId)).as(when).noneMatch(StepRecord::mayHoldData);
                    assertThat(open).as(when).isEmpty();
                    assertNothingHeld(when);
                }
                case PARTIALLY_COMPENSATED -> {
                    assertThat(open).as(when).isNotEmpty();
                    PropertyNode.stepsWithData(config).forEach(step -> assertCovered(when, step, open));
                }
                default -> {}
            }
        }

        /** Nothing is there that no open entry names; a step is RESIDUE exactly while it has one. */
        private void assertCovered(String when, String step, List<CleanupEntry> open) {
            List<String> named = open.stream()
                    .filter(entry -> entry.step().equals(step))
                    .map(CleanupEntry::resource)
                    .toList();
            List<String> held = STORES.held(step, sagaId);
            assertThat(named.contains(step + ":" + sagaId) || named.containsAll(held))
                    .as("%s: %s holds %s, entries %s", when, step, held, named)
                    .isTrue();
            StepState state = journal.steps().of(sagaId).stream()
                    .filter(s -> s.name().equals(step))
                    .findFirst()
                    .orElseThrow()
                    .state();
            assertThat(state == StepState.RESIDUE)
                    .as("%s: %s is %s with entries %s", when, step, state, named)
                    .isEqualTo(!named.isEmpty());
        }

        private void assertNothingHeld(String when) {
            PropertyNode.stepsWithData(config)
                    .forEach(step -> assertThat(STORES.held(step, sagaId))
                            .as("%s: left in %s", when, step)
                            .isEmpty());
        }

        /** Nothing fails any more: whoever is next brings the saga to its end, and then no residue resists. */
        void settle() {
            STORES.repair();
            if (!journal.sagas().find(sagaId).orElseThrow().state().isFinal()) {
                takeOver(false);
            }
            check("settled");
            PropertyNode any = NODES.get(owners.size() % NODES.size());
            for (CleanupEntry entry : any.journal.cleanups().of(sagaId)) {
                if (entry.state().isOpen()) {
                    any.engine.retry(entry);
                }
            }
            check("cleaned up");
            assertThat(journal.sagas().find(sagaId).orElseThrow().state())
                    .isIn(SagaState.COMPLETED, SagaState.COMPENSATED);
            NODES.forEach(node -> node.runs.end(sagaId));
        }
    }
}
