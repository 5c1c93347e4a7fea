package dev.streamingsaga.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the alert rules with promtool. */
class AlertRulesTest {
    private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

    @ParameterizedTest
    @ValueSource(strings = {"check config prometheus.yml", "check rules alerts.yml", "test rules alerts_test.yml"})
    void promtool_agrees(String command) throws Exception {
        assumeTrue(
                Files.isExecutable(PROMTOOL),
                "promtool is not installed (Debian: apt-get install prometheus), so the alert rules were not tested");
        Process promtool = new ProcessBuilder((PROMTOOL + " " + command).split(" "))
                .directory(Path.of("config/prometheus").toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(promtool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(promtool.exitValue()).as(said).isZero();
    }
}
