package dev.streamingsaga.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.ChildJava;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The coordinator runs in its own process, is killed with SIGKILL and restarted on the same data. */
@Tag("one-jdk")
@Tag("own-jvm")
class OrderedRecoveryRestartTest {
    private static final String[] JOINED = {"upload", "security", "vector", "graph", "relational"};
    private static final List<String> LAST_JOINED_FIRST =
            List.of("relational", "graph", "vector", "security", "upload");
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    Path data;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    LraParticipants participants;
    CoordinatorProcess coordinator;

    @BeforeEach
    void start() throws Exception {
        participants = new LraParticipants();
        coordinator = CoordinatorProcess.start(data);
    }

    @AfterEach
    void stop() {
        coordinator.close();
        participants.close();
    }

    private URI lra(Duration timeLimit) throws Exception {
        URI lra = participants.start(coordinator.url(), timeLimit);
        participants.join(lra, JOINED);
        return lra;
    }

    private void restart() throws Exception {
        URI before = coordinator.url();
        coordinator = CoordinatorProcess.start(data);
        assertThat(coordinator.url()).isEqualTo(before);
    }

    @Test
    void a_cancel_after_a_restart_compensates_the_last_joined_first() throws Exception {
        URI lra = lra(Duration.ZERO);
        coordinator.kill();
        restart();

        assertThat(participants.cancel(lra)).isEqualTo("Cancelled");

        assertThat(participants.compensated(lra)).isEqualTo(LAST_JOINED_FIRST);
    }

    @Test
    void one_who_joins_after_a_restart_is_compensated_before_the_others_and_order_survives_another_restart()
            throws Exception {
        URI lra = lra(Duration.ZERO);
        coordinator.kill();
        restart();
        participants.join(lra, "late");
        coordinator.kill();
        restart();

        assertThat(participants.cancel(lra)).isEqualTo("Cancelled");

        List<String> expected = new ArrayList<>(List.of("late"));
        expected.addAll(LAST_JOINED_FIRST);
        assertThat(participants.compensated(lra)).isEqualTo(expected);
    }

    @Test
    void a_cancel_interrupted_by_a_kill_continues_with_the_last_joined_first() throws Exception {
        participants.behaviour = call -> {
            if (call.participant().equals("vector")) {
                coordinator.kill();
            }
            return 200;
        };
        URI lra = lra(Duration.ZERO);
        assertThatThrownBy(() -> participants.cancel(lra)).isInstanceOf(IOException.class);
        assertThat(participants.compensated(lra)).isEqualTo(LAST_JOINED_FIRST.subList(0, 3));
        participants.behaviour = call -> 200;
        participants.calls.clear();

        restart();

        await().atMost(TIMEOUT).until(() -> participants.status(lra).equals("404"));
        assertThat(participants.compensated(lra)).isEqualTo(LAST_JOINED_FIRST);
    }

    @Test
    void refused_compensations_are_called_again_after_a_restart_with_the_last_joined_first() throws Exception {
        participants.behaviour = call -> 503;
        URI lra = lra(Duration.ZERO);
        assertThat(participants.cancel(lra)).isEqualTo("Cancelling");
        coordinator.kill();
        participants.calls.clear();
        restart();
        participants.recover(coordinator.url());
        participants.behaviour = call -> 200;
        participants.recover(coordinator.url());

        await().atMost(TIMEOUT).until(() -> participants.status(lra).equals("404"));
        List<String> called = participants.compensated(lra);
        assertThat(called).hasSizeGreaterThanOrEqualTo(2 * JOINED.length);
        for (int i = 0; i < called.size(); i += JOINED.length) {
            assertThat(called.subList(i, Math.min(called.size(), i + JOINED.length)))
                    .isEqualTo(LAST_JOINED_FIRST);
        }
    }

    @Test
    void an_lra_that_expired_while_no_coordinator_ran_is_compensated_once_with_the_last_joined_first()
            throws Exception {
        Duration limit = Duration.ofSeconds(4);
        URI lra = lra(limit);
        Instant deadline = Instant.now().plus(limit);
        coordinator.kill();
        await().atMost(TIMEOUT).until(() -> Instant.now().isAfter(deadline));
        assertThat(participants.calls).isEmpty();

        restart();
        participants.recover(coordinator.url());

        await().atMost(TIMEOUT).until(() -> participants.status(lra).equals("404"));
        assertThat(participants.compensated(lra)).isEqualTo(LAST_JOINED_FIRST);
    }

    /**
     * A pass runs only every 10 seconds; the sentinel's deadline, one second after the others, shows that no LRA waited
     * for a pass.
     */
    @Test
    void deadlines_survive_a_restart_to_the_second() throws Exception {
        Duration limit = Duration.ofSeconds(9);
        List<URI> lras = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            lras.add(participants.start(coordinator.url(), limit));
            participants.join(lras.get(i), "first", "second");
        }
        Instant deadline = Instant.now().plus(limit);
        coordinator.kill();
        restart();
        Duration left = Duration.between(Instant.now(), deadline.plusSeconds(1));
        URI sentinel = participants.start(
                coordinator.url(), left.compareTo(Duration.ofSeconds(1)) > 0 ? left : Duration.ofSeconds(1));
        participants.join(sentinel, "sentinel");

        await().atMost(TIMEOUT).until(() -> !participants.compensated(sentinel).isEmpty());

        assertThat(lras)
                .allSatisfy(lra -> assertThat(participants.compensated(lra)).containsExactly("second", "first"));
    }
}
