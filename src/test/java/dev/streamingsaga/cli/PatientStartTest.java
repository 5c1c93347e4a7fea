package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.UnavailableException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class PatientStartTest {
    private final StringWriter lines = new StringWriter();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger attempts = new AtomicInteger();

    private PatientStart waiting(Duration wait) {
        return new PatientStart(
                wait,
                new PrintWriter(lines, true),
                nanos::get,
                millis -> nanos.addAndGet(Duration.ofMillis(millis).toNanos()));
    }

    private String attempt(int failures) {
        if (attempts.getAndIncrement() < failures) {
            throw new UnavailableException("the coordinator does not answer", null);
        }
        return "started";
    }

    @Test
    void starts_when_the_server_is_back_with_one_line_in_each_minute() throws Exception {
        assertThat(waiting(Duration.ofMinutes(10)).start(() -> attempt(30))).isEqualTo("started");

        assertThat(attempts).hasValue(31);
        assertThat(nanos).hasValue(Duration.ofSeconds(150).toNanos());
        assertThat(lines.toString().lines())
                .containsExactly(
                        "retrying for 600 s at most: the coordinator does not answer",
                        "retrying for 540 s at most: the coordinator does not answer",
                        "retrying for 480 s at most: the coordinator does not answer");
    }

    @Test
    void gives_up_when_its_time_is_over() {
        assertThatThrownBy(() -> waiting(Duration.ofSeconds(12)).start(() -> attempt(30)))
                .isInstanceOf(UnavailableException.class);

        assertThat(attempts).hasValue(3);
    }

    @Test
    void gives_up_at_once_unless_it_is_to_wait() {
        assertThatThrownBy(() -> waiting(Duration.ZERO).start(() -> attempt(1)))
                .isInstanceOf(UnavailableException.class);

        assertThat(attempts).hasValue(1);
        assertThat(lines.toString()).isEmpty();
    }

    @Test
    void does_not_wait_for_settings_to_become_right() {
        assertThatThrownBy(() -> waiting(Duration.ofHours(1)).start(() -> {
                    attempts.incrementAndGet();
                    throw ConfigException.of("saga.http.port is in use");
                }))
                .isInstanceOf(ConfigException.class);

        assertThat(attempts).hasValue(1);
    }
}
