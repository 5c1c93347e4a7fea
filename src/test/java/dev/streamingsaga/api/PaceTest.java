package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.Settings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class PaceTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private static Pace pace(int bytesPerSecond) {
        return new Pace(Settings.parse(
                        Map.of("saga.http.idle-timeout", "10s", "saga.http.min-rate", String.valueOf(bytesPerSecond)))
                .endpoints()
                .http()
                .limits());
    }

    @Test
    void allows_one_long_pause() {
        Pace pace = pace(100);
        pace.waited(10 * SECOND - 1);
        assertThatCode(pace::requireTime).doesNotThrowAnyException();
        pace.waited(1);
        assertThatThrownBy(pace::requireTime)
                .isInstanceOfSatisfying(
                        Problem.class, problem -> assertThat(problem.status()).isEqualTo(408));
    }

    @Test
    void received_bytes_restore_the_time_they_take_at_the_minimum_rate() {
        Pace pace = pace(100);
        pace.waited(5 * SECOND);
        pace.received(200);
        assertThat(pace.remainingNanos()).isEqualTo(7 * SECOND);
    }

    @Test
    void no_sender_saves_up_more_than_the_initial_budget() {
        Pace pace = pace(100);
        pace.received(1_000_000);
        assertThat(pace.remainingNanos()).isEqualTo(10 * SECOND);
    }

    @Test
    void a_body_that_trickles_in_runs_out_of_time() {
        Pace pace = pace(100);
        for (int i = 0; i < 11; i++) {
            pace.waited(SECOND);
            pace.received(1);
        }
        assertThatThrownBy(pace::requireTime).hasMessageContaining("100 bytes a second");
    }

    @Test
    void without_a_minimum_rate_every_byte_restores_all_time() {
        Pace pace = pace(0);
        pace.waited(9 * SECOND);
        pace.received(1);
        assertThat(pace.remainingNanos()).isEqualTo(10 * SECOND);
    }
}
