package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class BenchReportTest {
    private static final String RESULTS = """
            {"R1": {"median": 1.5, "min": 1, "lowerQuartile": 1.25, "upperQuartile": 1.75, "max": 2, "pairs": 9,
                    "cpuMedian": 0, "oursSeconds": 3, "theirsSeconds": 2, "oursCpuSeconds": 4, "theirsCpuSeconds": 3,
                    "bytesSentAgain": 7},
             "R6": {"sagas": 10}}
            """;

    private static BenchReport report() throws Exception {
        return new BenchReport((ObjectNode) new ObjectMapper().readTree(RESULTS));
    }

    @Test
    void markdown_has_a_row_for_each_ratio_and_each_other_figure() throws Exception {
        StringWriter out = new StringWriter();

        report().markdown(new PrintWriter(out, true));

        assertThat(out.toString().lines())
                .contains(
                        "| R1 | 1.500 | 1.000 | 1.250 | 1.750 | 2.000 | 9 | - | 3.00 s | 2.00 s | 4.00 s | 3.00 s |",
                        "| R1 | bytesSentAgain | 7 |",
                        "| R6 | sagas | 10 |");
    }

    @Test
    void text_has_the_same() throws Exception {
        StringWriter out = new StringWriter();

        report().text(new PrintWriter(out, true));

        assertThat(out.toString())
                .contains("1.500")
                .contains("R1 bytesSentAgain: 7")
                .contains("R6 sagas: 10");
    }
}
