package dev.streamingsaga.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.bench.Ratio.Measurement;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class RatioTest {
    private static final List<Measurement> OURS =
            List.of(new Measurement(10, 20), new Measurement(12, 20), new Measurement(30, 20));
    private static final List<Measurement> THEIRS =
            List.of(new Measurement(10, 10), new Measurement(24, 16), new Measurement(10, 10));

    @Test
    void times_are_divided_pair_by_pair() {
        Ratio ratio = Ratio.of(OURS, THEIRS);

        assertThat(ratio).isEqualTo(new Ratio(1, 0.5, 3, 0.5, 3, 3, 2, 12, 10, 20, 10));
    }

    @Test
    void twice_the_time_is_half_the_speed() {
        Ratio ratio = Ratio.ofSpeed(OURS, THEIRS);

        assertThat(ratio).isEqualTo(new Ratio(1, 0.333, 2, 0.333, 2, 3, 0.5, 12, 10, 20, 10));
    }

    @Test
    void without_cpu_times_there_is_no_ratio_by_cpu() {
        List<Measurement> wallOnly = List.of(new Measurement(1, 0));

        assertThat(Ratio.of(wallOnly, wallOnly).cpuMedian()).isZero();
    }

    @Test
    void the_prose_of_a_seed_is_always_the_same() throws IOException {
        String prose = Prose.text(5000, 1);

        assertThat(prose)
                .hasSizeBetween(5000, 6000)
                .isEqualTo(Prose.text(5000, 1))
                .contains(".\n\n");
        assertThat(Prose.text(5000, 2)).isNotEqualTo(prose);
    }
}
