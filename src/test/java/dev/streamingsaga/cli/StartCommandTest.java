package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.testkit.JvmDirectory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** If a port is in use, {@code start} fails before it starts anything, and the error names the setting to change. */
@Tag("own-jvm")
class StartCommandTest {
    private static final String LOOPBACK = "127.0.0.1";

    /** Shared, since a JVM has one embedded coordinator with one directory. */
    @TempDir(factory = JvmDirectory.class)
    static Path directory;

    @ParameterizedTest
    @CsvSource({
        "saga.http.port,saga.http.port=0",
        "saga.callback.port,saga.callback.port",
        "saga.jms.port,saga.jms.port"
    })
    void a_port_in_use_is_a_configuration_error(String setting, String advice) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName(LOOPBACK))) {
            Call call = Call.of(
                    "start",
                    "--data",
                    directory.resolve("data").toString(),
                    "-D",
                    "saga.jms.embedded=true",
                    "-D",
                    "saga.http.port=0",
                    "-D",
                    setting + "=" + taken.getLocalPort());

            assertThat(call.code()).as(call.err()).isEqualTo(2);
            assertThat(call.err())
                    .contains(setting, LOOPBACK + ":" + taken.getLocalPort(), advice, "nothing was started");
            assertThat(call.out()).doesNotContain("running in");
        }
    }

    @Test
    void how_long_it_waits_for_its_servers_must_be_a_time() {
        Call call = Call.of(
                "start", "--wait", "soon", "--data", directory.resolve("soon").toString());

        assertThat(call.code()).as(call.err()).isEqualTo(2);
        assertThat(call.err()).contains("saga.start.wait", "soon");
    }

    @Test
    void without_its_coordinator_the_service_does_not_start() {
        Call call = Call.of(
                "start",
                "--data",
                directory.resolve("without-coordinator").toString(),
                "-D",
                "saga.http.port=0",
                "-D",
                "saga.coordinator.url=http://127.0.0.1:1/lra-coordinator",
                "-D",
                "saga.coordinator.timeout=1s");

        assertThat(call.code()).as(call.err()).isEqualTo(4);
        assertThat(call.err()).contains("cannot start", "coordinator", "127.0.0.1:1");
        assertThat(call.out()).doesNotContain("running in");
    }
}
