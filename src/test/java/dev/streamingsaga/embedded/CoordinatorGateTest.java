package dev.streamingsaga.embedded;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.lra.CoordinatorSecret;
import dev.streamingsaga.lra.LocalCoordinator.CoordinatorCall;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests who may call the embedded coordinator, with raw bytes on a socket, as any process on the machine can send. */
@Tag("own-jvm")
@Timeout(120)
class CoordinatorGateTest {
    private static final int MAX_LRAS = 5;

    /** Shared by all tests: a JVM has one coordinator on one directory. */
    private static final Path DATA = CoordinatorSettings.directory();

    private EmbeddedCoordinator coordinator;
    private final List<String> begun = new ArrayList<>();

    /** A response; status 0: the connection was closed without one. */
    private record Reply(int status, String head, String body) {}

    @BeforeEach
    void start() throws IOException {
        coordinator = EmbeddedCoordinator.start(config());
    }

    @AfterEach
    void stop() throws IOException {
        for (String lra : begun) {
            send("PUT", URI.create(lra).getPath() + "/cancel", host(), authorization());
        }
        coordinator.close();
    }

    private static SagaConfig config() {
        return Settings.parse(Map.of("saga.data.dir", DATA.toString(), "saga.coordinator.max-lras", "" + MAX_LRAS));
    }

    private String secret() throws IOException {
        return Files.readString(DATA.resolve("coordinator/secret")).strip();
    }

    private String authorization() throws IOException {
        return "Authorization: Bearer " + secret();
    }

    private String host() {
        return "Host: " + coordinator.url().getAuthority();
    }

    private Reply send(String method, String target, String... headers) throws IOException {
        return raw(method + " " + target + " HTTP/1.1\r\n" + String.join("\r\n", headers)
                + "\r\nContent-Length: 0\r\n\r\n");
    }

    /** Reads until the connection is closed or the response is complete. */
    private Reply raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            return read(socket);
        }
    }

    private Socket connect() throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), coordinator.url().getPort());
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static Reply read(Socket socket) throws IOException {
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        try {
            for (int b = socket.getInputStream().read();
                    b >= 0;
                    b = socket.getInputStream().read()) {
                received.write(b);
                String text = received.toString(ISO_8859_1);
                int head = text.indexOf("\r\n\r\n");
                if (head >= 0 && text.length() - head - 4 >= length(text.substring(0, head))) {
                    return new Reply(
                            Integer.parseInt(text.substring(9, 12)), text.substring(0, head), text.substring(head + 4));
                }
            }
        } catch (java.net.SocketException reset) {
            // closed as well
        }
        return new Reply(0, received.toString(ISO_8859_1), "");
    }

    private static int length(String head) {
        return head.lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElse(head.contains("ransfer-") ? Integer.MAX_VALUE : 0);
    }

    private Reply begin() throws IOException {
        Reply reply =
                send("POST", "/lra-coordinator/start?TimeLimit=60000", host(), authorization(), "Accept: text/plain");
        if (reply.status() == 201) {
            begun.add(reply.body());
        }
        return reply;
    }

    private String status(String lra) throws IOException {
        return send("GET", URI.create(lra).getPath() + "/status", host(), authorization(), "Accept: text/plain")
                .body();
    }

    private void assertRefused(int status, String... headers) throws IOException {
        String lra = begin().body();
        String path = URI.create(lra).getPath();
        for (String target : List.of(
                "GET /lra-coordinator",
                "GET /lra-coordinator/",
                "GET /lra-coordinator/recovery",
                "GET /lra-coordinator/recovery/failed",
                "GET " + path + "/status",
                "PUT " + path + "/cancel",
                "PUT " + path + "/close",
                "POST /lra-coordinator/start",
                "PUT " + path + "?TimeLimit=1",
                "GET /",
                "OPTIONS *")) {
            Reply reply = send(target.split(" ")[0], target.split(" ")[1], headers);
            assertThat(reply.status()).as(target).isEqualTo(status);
            assertThat(reply.head()).as(target).containsIgnoringCase("connection: close");
            assertThat(reply.head() + reply.body()).as(target).doesNotContain("0_", secret());
        }
        assertThat(status(lra)).isEqualTo("Active");
    }

    @Test
    void a_caller_without_the_secret_cannot_list_begin_or_end_lras() throws Exception {
        assertRefused(401, host());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization: Bearer ",
                "Authorization: Bearer wrong-but-long-enough",
                "Authorization: Basic %s",
                "Authorization: Bearer %sx",
                "Authorization: bearer %s",
                "Authorization: %s",
                "Authorization: Bearer %s\r\nAuthorization: Bearer %s",
                "X-Authorization: Bearer %s"
            })
    void a_secret_that_is_not_exactly_this_one_is_none(String header) throws Exception {
        assertRefused(401, host(), header.replace("%s", secret()));
    }

    /**
     * A web page whose host name resolves to this machine, and a caller with a host name other than that of the LRAs.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: evil.example",
                "Host: evil.example:%d",
                "Host: localhost:%d",
                "Host: 127.0.0.1",
                "Host: 127.0.0.1:1"
            })
    void another_host_is_refused_even_with_the_secret(String header) throws Exception {
        assertRefused(421, header.replace("%d", "" + coordinator.url().getPort()), authorization());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host:", "Host: 127.0.0.1:%d\r\nHost: evil.example", "X-Host: 127.0.0.1:%d"})
    void a_request_without_exactly_one_host_is_malformed(String header) throws Exception {
        assertRefused(400, header.replace("%d", "" + coordinator.url().getPort()), authorization());
    }

    @Test
    void a_host_in_the_request_line_does_not_get_into_the_id_of_an_lra() throws Exception {
        Reply reply = send("POST", "http://evil.example/lra-coordinator/start", host(), authorization());

        assertThat(reply.status()).isEqualTo(421);
    }

    @Test
    void no_more_lras_than_allowed_are_open() throws Exception {
        for (int i = 0; i < MAX_LRAS; i++) {
            assertThat(begin().status()).isEqualTo(201);
        }

        Reply refused = begin();

        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.head()).containsIgnoringCase("retry-after: 5");
        assertThat(refused.body()).isEqualTo("TooManyLRAs");
        URI start = URI.create(coordinator.url() + "/start");
        assertThat(coordinator
                        .access()
                        .local()
                        .orElseThrow()
                        .answer(new CoordinatorCall("POST", start, Map.of()))
                        .statusCode())
                .as("from this process")
                .isEqualTo(503);
        assertThat(send("PUT", URI.create(begun.remove(0)).getPath() + "/cancel", host(), authorization())
                        .status())
                .isEqualTo(200);
        assertThat(begin().status()).as("once one has ended").isEqualTo(201);
    }

    @Test
    void the_secret_is_generated_once_is_private_and_appears_nowhere_else() throws Exception {
        String secret = secret();
        assertThat(secret).hasSizeGreaterThanOrEqualTo(43);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(DATA.resolve("coordinator/secret"))))
                .isEqualTo("rw-------");
        assertThat(coordinator.access())
                .hasToString("" + coordinator.access())
                .asString()
                .doesNotContain(secret);
        begin();
        try (Stream<Path> files = Files.walk(DATA)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("coordinator/secret"))
                    .toList()) {
                assertThat(Files.readString(file, ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(secret);
            }
        }

        stop();
        begun.clear();
        start();

        assertThat(secret()).isEqualTo(secret);
        assertThat(begin().status()).isEqualTo(201);
    }

    @Test
    void a_damaged_secret_file_is_named_and_not_replaced() throws Exception {
        coordinator.close();
        String secret = secret();
        Files.writeString(DATA.resolve("coordinator/secret"), "short\n");

        assertThatThrownBy(() -> EmbeddedCoordinator.start(config()))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(
                        "coordinator/secret must hold one line of 16 or more printable ASCII characters", "delete it")
                .hasMessageNotContaining("short");

        Files.writeString(DATA.resolve("coordinator/secret"), secret);
        start();
    }

    @Test
    void standalone_it_listens_on_the_configured_port_and_names_the_setting_if_it_is_in_use() throws Exception {
        coordinator.close();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            SagaConfig alone =
                    Settings.parse(Map.of("saga.data.dir", DATA.toString(), "saga.coordinator.port", "" + port));
            assertThatThrownBy(() -> EmbeddedCoordinator.startAlone(alone))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("" + port, "saga.coordinator.port");
            taken.close();
            coordinator = EmbeddedCoordinator.startAlone(alone);
            assertThat(coordinator.url().getPort()).isEqualTo(port);
            assertThat(coordinator.secretFile()).contains(DATA.resolve("coordinator/secret"));
        }
        assertThat(begin().status()).isEqualTo(201);
        assertThat(Settings.parse(Map.of()).servers().coordinator().server().port())
                .as("by default")
                .isEqualTo(8482);
    }

    @Test
    void standalone_it_listens_on_every_address_and_is_called_by_its_configured_name() throws Exception {
        coordinator.close();
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        coordinator = EmbeddedCoordinator.startAlone(Settings.parse(Map.of(
                "saga.data.dir",
                DATA.toString(),
                "saga.coordinator.host",
                "0.0.0.0",
                "saga.coordinator.port",
                "" + port,
                "saga.coordinator.hosts",
                "coordinator")));

        assertThat(coordinator.url()).hasToString("http://coordinator:" + port + "/lra-coordinator");
        try (Socket other = new Socket("127.0.0.2", port)) {
            other.getOutputStream()
                    .write(("GET /lra-coordinator HTTP/1.1\r\nHost: coordinator:" + port + "\r\nAuthorization: Bearer "
                                    + secret() + "\r\nConnection: close\r\n\r\n")
                            .getBytes(ISO_8859_1));
            assertThat(read(other).status()).isEqualTo(200);
        }
    }

    @Test
    void endless_headers_are_cut_off_by_size_and_by_time() throws Exception {
        Instant begin = Instant.now();
        Reply large = send("GET", "/lra-coordinator", host(), "X-Filler: " + "x".repeat(32 << 10));
        assertThat(large.status()).isIn(0, 400, 431);
        try (Socket slow = connect()) {
            slow.getOutputStream().write("GET /lra-coordinator HTTP/1.1\r\nHost: ".getBytes(ISO_8859_1));
            assertThat(read(slow).status()).isIn(0, 400, 408);
        }
        assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(30));
    }

    /** Idle connections are closed after the idle time, and a caller with a connection keeps it. */
    @Test
    void idle_connections_do_not_exclude_other_callers() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try (Socket ours = connect()) {
            for (int i = 0; i < 700; i++) {
                idle.add(connect());
            }
            String request = "POST /lra-coordinator/start?TimeLimit=60000 HTTP/1.1\r\n" + host() + "\r\n"
                    + authorization() + "\r\nAccept: text/plain\r\nContent-Length: 0\r\n\r\n";
            ours.getOutputStream().write(request.getBytes(ISO_8859_1));
            Reply before = read(ours);
            assertThat(before.status()).isEqualTo(201);
            begun.add(before.body());
            assertThat(begin().status())
                    .as("on a new connection, within a minute")
                    .isEqualTo(201);
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    /** A body that never arrives blocks no thread and no connection. */
    @Test
    void a_caller_without_the_secret_is_disconnected_at_once() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write(("PUT /lra-coordinator/0_1/cancel HTTP/1.1\r\n" + host()
                                    + "\r\nContent-Length: 60000\r\n\r\nabc")
                            .getBytes(ISO_8859_1));
            Instant begin = Instant.now();
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(5));
        }
        assertThat(new CoordinatorSecretText(coordinator).shown()).doesNotContain(secret());
    }

    /** What a log line or an error would show. */
    private record CoordinatorSecretText(EmbeddedCoordinator coordinator) {
        String shown() {
            CoordinatorSecret secret = coordinator.access().secret().orElseThrow();
            return secret + " " + coordinator.access() + " "
                    + config().servers().coordinator();
        }
    }
}
