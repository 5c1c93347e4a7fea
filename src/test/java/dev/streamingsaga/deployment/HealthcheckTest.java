package dev.streamingsaga.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The health check in the image against a server that answers as a node or a coordinator does. */
@Tag("one-jdk")
@EnabledOnOs(OS.LINUX)
class HealthcheckTest {
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private HttpServer server;
    private volatile int status = 200;

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestURI() + " "
                + Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
                        .orElse("-"));
        byte[] body = "{\"status\":\"?\"}".getBytes(UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Test
    void a_node_is_healthy_if_it_is_ready() throws Exception {
        Map<String, String> environment = Map.of("SAGA_HTTP_PORT", port(), "SAGA_COORDINATOR_SECRET", "hidden");
        assertThat(check(environment)).isZero();
        assertThat(requests).containsExactly("/observe/health/ready -");

        status = 503;
        assertThat(check(environment)).isOne();
        server.stop(0);
        assertThat(check(environment)).isOne();
    }

    @Test
    void the_coordinator_is_asked_with_its_secret() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "from-a-file\n");

        assertThat(check(Map.of("SAGA_COORDINATOR_SECRET", "hidden"), port(), "/lra-coordinator"))
                .isZero();
        assertThat(check(Map.of("SAGA_COORDINATOR_SECRET_FILE", secret.toString()), port(), "/lra-coordinator"))
                .isZero();
        assertThat(requests).containsExactly("/lra-coordinator Bearer hidden", "/lra-coordinator Bearer from-a-file");
    }

    private String port() {
        return Integer.toString(server.getAddress().getPort());
    }

    private int check(Map<String, String> environment, String... arguments) throws Exception {
        ProcessBuilder script = new ProcessBuilder("config/docker/healthcheck")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        script.command().addAll(List.of(arguments));
        script.environment().putAll(environment);
        return script.start().waitFor();
    }
}
