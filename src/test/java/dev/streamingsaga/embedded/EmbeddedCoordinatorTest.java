package dev.streamingsaga.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.lra.CoordinatorResponse;
import dev.streamingsaga.lra.LocalCoordinator;
import dev.streamingsaga.lra.LocalCoordinator.CoordinatorCall;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("own-jvm")
class EmbeddedCoordinatorTest {
    /** Shared by all tests: a JVM has one coordinator on one directory. */
    private static final Path DATA = CoordinatorSettings.directory();

    private static int status(URI uri) throws Exception {
        return HttpClient.newHttpClient()
                .send(CoordinatorSettings.request(uri).build(), HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    @Test
    void answers_on_loopback_and_keeps_port_and_store_in_its_directory() throws Exception {
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(DATA))) {
            assertThat(coordinator.url().toString()).matches("http://127\\.0\\.0\\.1:\\d+/lra-coordinator");
            assertThat(status(coordinator.url())).isEqualTo(200);
            assertThat(Files.readString(DATA.resolve("coordinator/port")).strip())
                    .endsWith(String.valueOf(coordinator.url().getPort()));
        }
        assertThat(Path.of("ObjectStore")).doesNotExist();
    }

    @Test
    void keeps_its_port_after_a_restart_and_changes_it_only_if_it_is_in_use() throws Exception {
        URI first = restart();
        assertThat(restart()).isEqualTo(first);
        try (ServerSocket taken = new ServerSocket(first.getPort(), 1, InetAddress.getLoopbackAddress());
                EmbeddedCoordinator coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(DATA))) {
            assertThat(coordinator.url()).isNotEqualTo(first);
            assertThat(coordinator.access().scope().former()).contains(first);
            assertThat(taken.isBound()).isTrue();
        }
    }

    private static URI restart() throws Exception {
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(DATA))) {
            assertThat(status(coordinator.url())).isEqualTo(200);
            return coordinator.url();
        }
    }

    @Test
    void a_call_from_this_process_reaches_the_coordinator_that_answers_over_http() throws Exception {
        LocalCoordinator local;
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(DATA))) {
            local = coordinator.access().local().orElseThrow();
            String lra = local.answer(call("POST", coordinator.url() + "/start"))
                    .headers()
                    .get("location")
                    .get(0);

            assertThat(lra).startsWith(coordinator.url() + "/");
            assertThat(status(URI.create(lra))).as("open").isEqualTo(200);
            assertThat(local.answer(call("PUT", lra + "/cancel")))
                    .extracting(CoordinatorResponse::statusCode, CoordinatorResponse::body)
                    .containsExactly(200, "Cancelled");
            assertThat(status(URI.create(lra))).as("ended").isEqualTo(404);
        }
        assertThatThrownBy(() -> local.answer(call("GET", "http://127.0.0.1/lra-coordinator")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has stopped");
    }

    private static CoordinatorCall call(String method, String uri) {
        return new CoordinatorCall(
                method,
                URI.create(uri),
                Map.of("Accept", List.of("text/plain"), "Content-Type", List.of("text/plain")));
    }

    @Test
    void a_second_directory_in_the_same_jvm_is_refused(@TempDir Path other) throws Exception {
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(DATA))) {
            assertThatThrownBy(() -> EmbeddedCoordinator.start(CoordinatorSettings.in(other)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("already has an LRA coordinator");
            assertThat(status(coordinator.url())).isEqualTo(200);
        }
    }
}
