package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each benchmark with files as small as possible: what it prints, not how fast it is. */
@Tag("one-jdk")
class BenchCommandTest {
    @TempDir
    Path directory;

    private Call bench(String... more) {
        List<String> args = new ArrayList<>(
                List.of("bench", "--data", directory.toString(), "--short", "--megabytes", "1", "--documents", "3"));
        args.addAll(List.of("-D", "saga.coordinator.url=" + StreamingSagaFixture.coordinator()));
        args.addAll(List.of("-D", "saga.coordinator.secret=" + CoordinatorSettings.SECRET));
        args.addAll(List.of(more));
        return Call.of(args);
    }

    private JsonNode ratios(String... more) throws JsonProcessingException {
        List<String> args = new ArrayList<>(List.of(more));
        args.add("--json");
        Call call = bench(args.toArray(String[]::new));
        assertThat(call.code()).as(call.err()).isZero();
        return call.line().get("ratios");
    }

    @ParameterizedTest
    @CsvSource({"R1,R1", "R1-sink,R1-sink", "R2,R2 10 MB", "HTTP,HTTP large;HTTP small"})
    void a_ratio_has_pairs_warm_and_cold(String benchmark, String names) throws Exception {
        JsonNode ratios = ratios("--ratios", benchmark);

        for (String name : names.replaceAll("[^;]+", "$0;$0 cold").split(";", -1)) {
            JsonNode ratio = ratios.path(name);
            assertThat(ratio.path("pairs").asInt()).isEqualTo(1);
            assertThat(ratio.path("median").asDouble()).isPositive();
            assertThat(ratio.path("oursSeconds").asDouble()).isPositive();
            assertThat(ratio.path("theirsSeconds").asDouble()).isPositive();
            assertThat(ratio.path("oursCpuSeconds").asDouble()).isPositive();
        }
    }

    @Test
    void small_documents_have_a_rate_and_latencies() throws Exception {
        JsonNode ratios = ratios("--ratios", "R6");

        for (String name : List.of("R6", "R6 text")) {
            JsonNode small = ratios.path(name);
            assertThat(small.path("sagas").asInt()).isEqualTo(3);
            assertThat(small.path("sagasPerSecond").asDouble()).isPositive();
            assertThat(small.path("cpuMillis").asDouble()).isPositive();
            assertThat(small.path("aloneP99Millis").asDouble())
                    .isGreaterThanOrEqualTo(small.path("aloneP50Millis").asDouble());
            assertThat(small.path("timesInMemory").asDouble()).isPositive();
        }
    }

    @Test
    void memory_is_compared_with_that_of_the_smallest_file() throws Exception {
        JsonNode ratios = ratios("--ratios", "R3");

        assertThat(ratios.path("R3 10 MB").path("heapRatio").asDouble()).isEqualTo(1);
        assertThat(ratios.path("R3 20 MB").path("heapBytes").asLong()).isPositive();
        assertThat(ratios.path("R3 20 MB").path("heapRatio").asDouble()).isPositive();
    }

    @Test
    void an_unknown_benchmark_is_refused_before_any_runs() {
        Call call = bench("--ratios", "R1,R99");

        assertThat(call.code()).isEqualTo(Main.USAGE);
        assertThat(call.err())
                .contains("R99 is not a benchmark")
                .contains("R1-sink")
                .doesNotContain("pair 0");
    }
}
