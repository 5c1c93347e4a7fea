package dev.streamingsaga.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class WarningIntervalTest {
    @Test
    void allows_the_first_warning_at_once_and_then_one_a_minute() {
        AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5); // nanoTime may overflow
        WarningInterval interval = new WarningInterval(clock::get);

        assertThat(interval.isDue()).isTrue();
        assertThat(interval.isDue()).isFalse();
        clock.addAndGet(TimeUnit.SECONDS.toNanos(60) - 1);
        assertThat(interval.isDue()).isFalse();
        clock.incrementAndGet();
        assertThat(interval.isDue()).isTrue();
        assertThat(interval.isDue()).isFalse();
    }
}
