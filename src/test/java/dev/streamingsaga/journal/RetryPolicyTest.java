package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class RetryPolicyTest {
    private static final RetryPolicy POLICY = new RetryPolicy(Duration.ofSeconds(30), 3);

    @ParameterizedTest
    @CsvSource({"1, 30", "2, 60", "3, 120", "7, 1920", "8, 3600", "21, 3600", "1000000, 3600"})
    void doubles_the_delay_up_to_an_hour(int attempts, long seconds) {
        assertThat(POLICY.delayMillis(attempts)).isEqualTo(seconds * 1000);
    }

    @Test
    void a_long_first_delay_is_an_hour_at_most() {
        assertThat(new RetryPolicy(Duration.ofDays(30), 3).delayMillis(1)).isEqualTo(3_600_000);
        assertThat(new RetryPolicy(Duration.ofDays(30), 3).delayMillis(1000)).isEqualTo(3_600_000);
    }

    @Test
    void the_last_attempt_blocks_the_entry() {
        assertThat(POLICY.state(1)).isEqualTo(CleanupState.PENDING);
        assertThat(POLICY.state(2)).isEqualTo(CleanupState.PENDING);
        assertThat(POLICY.state(3)).isEqualTo(CleanupState.BLOCKED);
        assertThat(POLICY.state(4)).isEqualTo(CleanupState.BLOCKED);
    }
}
