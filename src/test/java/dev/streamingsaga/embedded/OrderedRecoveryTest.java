package dev.streamingsaga.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Recovery passes at the worst moments, while the coordinator is running. */
@Tag("one-jdk")
@Tag("own-jvm")
class OrderedRecoveryTest {
    private static final int LRAS = 20;
    private static final int PASSES = 60;
    private static final Duration TIME_LIMIT = Duration.ofSeconds(15);
    private static final Duration LATER = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private static final Path DATA = CoordinatorSettings.directory();

    static EmbeddedCoordinator coordinator;
    LraParticipants participants;

    @BeforeAll
    static void start() throws Exception {
        coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(DATA));
    }

    @AfterAll
    static void stop() {
        coordinator.close();
    }

    @BeforeEach
    void participants() throws Exception {
        participants = new LraParticipants();
    }

    @AfterEach
    void noParticipants() {
        participants.close();
    }

    @Test
    void an_lra_that_was_active_during_passes_is_not_compensated_at_its_deadline_once_it_was_closed() throws Exception {
        List<URI> lras = new ArrayList<>();
        for (int i = 0; i < LRAS; i++) {
            lras.add(begin());
        }
        for (int i = 0; i < PASSES; i++) {
            coordinator.recover();
        }
        participants.recover(coordinator.url());

        closeAll(lras);

        afterTheirDeadline();
        assertNoneCompensated(lras);
    }

    /** Passes without a pause, and one while a participant answers. */
    @Test
    void passes_in_the_middle_of_a_begin_or_a_close_compensate_nothing() throws Exception {
        participants.behaviour = call -> {
            if (call.action().equals("complete")) {
                coordinator.recover();
            }
            return 200;
        };
        AtomicBoolean open = new AtomicBoolean(true);
        CompletableFuture<Boolean> passes = Background.run("passes", () -> {
            while (open.get()) {
                coordinator.recover();
            }
            return true;
        });
        List<URI> lras = new ArrayList<>();
        try {
            for (int i = 0; i < LRAS; i++) {
                lras.add(begin());
                closeAll(lras.subList(i, i + 1));
            }
        } finally {
            open.set(false);
            passes.join();
        }

        afterTheirDeadline();
        assertNoneCompensated(lras);
    }

    private URI begin() throws Exception {
        URI lra = participants.start(coordinator.url(), TIME_LIMIT);
        participants.join(lra, "first", "second");
        return lra;
    }

    private void closeAll(List<URI> lras) throws Exception {
        for (URI lra : lras) {
            assertThat(participants.close(lra)).as("the close came in time").isEqualTo("Closed");
        }
    }

    /** The end of an LRA with a later deadline shows that the other deadlines have passed. */
    private void afterTheirDeadline() throws Exception {
        URI sentinel = participants.start(coordinator.url(), TIME_LIMIT.plus(LATER));
        participants.join(sentinel, "sentinel");
        await().atMost(TIMEOUT).until(() -> !participants.compensated(sentinel).isEmpty());
    }

    private void assertNoneCompensated(List<URI> lras) {
        assertThat(lras.stream().filter(lra -> !participants.compensated(lra).isEmpty()))
                .isEmpty();
        assertThat(lras)
                .allSatisfy(lra -> assertThat(participants.completed(lra)).containsExactly("second", "first"));
    }

    @Test
    void an_lra_that_stays_open_is_compensated_once_at_its_deadline_whatever_the_passes_do() throws Exception {
        URI lra = participants.start(coordinator.url(), LATER);
        participants.join(lra, "first", "second", "third");
        URI sentinel = participants.start(coordinator.url(), LATER.multipliedBy(2));
        participants.join(sentinel, "sentinel");

        await().atMost(TIMEOUT).until(() -> {
            coordinator.recover();
            return !participants.compensated(sentinel).isEmpty();
        });

        assertThat(participants.compensated(lra)).containsExactly("third", "second", "first");
        assertThat(participants.status(lra)).isEqualTo("404");
    }

    @Test
    void a_refused_compensation_is_called_again_by_every_pass_in_the_same_order() throws Exception {
        participants.behaviour = call -> 503;
        URI lra = participants.start(coordinator.url(), Duration.ZERO);
        participants.join(lra, "first", "second", "third");
        assertThat(participants.cancel(lra)).isEqualTo("Cancelling");
        coordinator.recover();
        participants.behaviour = call -> call.participant().equals("second") ? 503 : 200;
        coordinator.recover();
        participants.behaviour = call -> 200;
        coordinator.recover();

        assertThat(participants.compensated(lra))
                .startsWith("third", "second", "first", "third", "second", "first", "third", "second", "first")
                .endsWith("second");
        assertThat(participants.status(lra)).isEqualTo("404");
    }

    @Test
    void an_lra_that_timed_out_before_any_participant_joined_is_removed() throws Exception {
        URI lra = participants.start(coordinator.url(), Duration.ofMillis(100));
        await().atMost(TIMEOUT).until(() -> participants.status(lra).equals("Cancelled"));
        assertThat(stored(lra)).isTrue();

        coordinator.recover();

        assertThat(participants.status(lra)).isEqualTo("404");
        assertThat(stored(lra)).isFalse();
    }

    private static boolean stored(URI lra) throws Exception {
        try (Stream<Path> files = Files.walk(DATA.resolve("coordinator/store"))) {
            return files.anyMatch(file -> file.getFileName().toString().equals(LraParticipants.name(lra)));
        }
    }
}
