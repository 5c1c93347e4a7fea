package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
@Tag("unit")
class PermitsTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private final SagaException cause = new SagaException(Reason.TIMEOUT, "time is up");

    private final Permits permits = new Permits();

    @Test
    void issues_permits_until_they_are_revoked() {
        permits.requireNotRevoked();
        Run.Permit permit = permits.acquire();
        assertThat(permits.isOpen()).isTrue();
        permit.close();
        assertThat(permits.isOpen()).isFalse();
        assertThat(permits.revocation()).isEmpty();

        assertThat(permits.revoke(cause, LONG)).isTrue();

        assertThatThrownBy(permits::acquire)
                .isInstanceOfSatisfying(
                        SagaException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.TIMEOUT))
                .hasMessage("time is up")
                .hasCause(cause);
        assertThatThrownBy(permits::requireNotRevoked).hasCause(cause);
        assertThat(permits.isOpen()).isFalse();
    }

    @Test
    void the_first_cause_of_a_revocation_stays() {
        permits.revoke(cause, Duration.ZERO);
        permits.revoke(new SagaException(Reason.CANCELLED, "later"), Duration.ZERO);

        assertThat(permits.revocation()).containsSame(cause);
    }

    @Test
    void a_revocation_waits_for_all_open_permits() {
        Run.Permit one = permits.acquire();
        Run.Permit two = permits.acquire();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            while (permits.revocation().isEmpty()) {
                Thread.onSpinWait();
            }
            one.close();
            two.close();
        });

        assertThat(permits.revoke(cause, LONG)).isTrue();

        writer.join();
        assertThat(permits.isOpen()).isFalse();
    }

    @Test
    void a_revocation_says_if_a_permit_stays_open() {
        Run.Permit one = permits.acquire();
        Run.Permit two = permits.acquire();
        one.close();

        assertThat(permits.revoke(cause, Duration.ofMillis(1))).isFalse();
        assertThat(permits.isOpen()).isTrue();

        two.close();
        assertThat(permits.revoke(cause, Duration.ZERO)).isTrue();
    }

    @Test
    void an_interrupt_ends_the_wait_and_stays_set() {
        permits.acquire();
        Thread.currentThread().interrupt();

        assertThat(permits.revoke(cause, LONG)).isFalse();

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void knows_how_long_ago_they_were_revoked() {
        assertThat(permits.isRevokedFor(Duration.ZERO)).isFalse();

        permits.revoke(cause, Duration.ZERO);

        assertThat(permits.isRevokedFor(Duration.ZERO)).isTrue();
        assertThat(permits.isRevokedFor(LONG)).isFalse();
    }
}
