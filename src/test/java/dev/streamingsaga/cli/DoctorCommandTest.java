package dev.streamingsaga.cli;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.EmbeddedS3;
import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;

/** The checks of {@code doctor}, which change nothing. */
// The command sets the log level of its JVM.
@Tag("own-jvm")
@Timeout(180)
class DoctorCommandTest {
    private static final String COORDINATOR = "coordinator and callback";

    @TempDir
    Path directory;

    private Path data() {
        return directory.resolve("data");
    }

    /** With the coordinator of the tests, unless {@code settings} name another. */
    private Call doctor(String... settings) {
        List<String> all = new ArrayList<>(List.of(
                "doctor",
                "--json",
                "--data",
                data().toString(),
                "-D",
                "saga.coordinator.url=" + StreamingSagaFixture.coordinator(),
                "-D",
                "saga.coordinator.secret=" + CoordinatorSettings.SECRET,
                "-D",
                "saga.coordinator.timeout=2s",
                "-D",
                "saga.routes.dir=" + directory.resolve("routes")));
        Stream.of(settings).forEach(setting -> all.addAll(List.of("-D", setting)));
        return Call.of(all);
    }

    private static JsonNode line(Call call, String check) throws Exception {
        return call.lines().stream()
                .filter(line -> line.get("check").asText().equals(check))
                .findFirst()
                .orElseThrow();
    }

    private static void assertFails(Call call, String check, String... words) throws Exception {
        assertThat(call.code()).as(call.out()).isEqualTo(4);
        for (JsonNode line : call.lines()) {
            assertThat(line.get("ok").asBoolean())
                    .as(line.toString())
                    .isEqualTo(!line.get("check").asText().equals(check));
        }
        assertThat(line(call, check).get("detail").asText()).contains(words);
    }

    private static String lras() throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        CoordinatorSettings.request(StreamingSagaFixture.coordinator())
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    @Test
    void runs_an_lra_on_the_coordinator_and_leaves_no_trace() throws Exception {
        String before = lras();

        Call call = doctor();

        assertThat(call.code()).as(call.out()).isZero();
        assertThat(line(call, COORDINATOR).get("detail").asText())
                .contains("an LRA was begun, joined and cancelled, and its callback arrived at http://127.0.0.1:");
        assertThat(lras()).isEqualTo(before);
        assertThat(data()).as("nothing is created").doesNotExist();
    }

    @Test
    void reports_that_no_coordinator_answers() throws Exception {
        assertFails(
                doctor("saga.coordinator.url=http://127.0.0.1:1/lra-coordinator"),
                COORDINATOR,
                "no coordinator answers at http://127.0.0.1:1/lra-coordinator");
    }

    @Test
    void distinguishes_a_wrong_secret_from_an_unreachable_coordinator() throws Exception {
        Call call = doctor("saga.coordinator.secret=not-the-secret-of-the-tests");

        assertFails(call, COORDINATOR, "cannot be used", "HTTP 401", "saga.coordinator.secret");
        assertThat(call.out() + call.err()).doesNotContain("not-the-secret-of-the-tests");
    }

    /** The coordinator accepts all requests, but its callback never arrives. */
    @Test
    void fails_if_the_coordinators_callbacks_do_not_arrive() throws Exception {
        try (FaultProxy proxy = new FaultProxy(StreamingSagaFixture.coordinator())) {
            proxy.when(keyEndsWith("/cancel")).always().answer(404, "NotFound");

            Call call = doctor("saga.coordinator.url=" + proxy.uri()
                    + StreamingSagaFixture.coordinator().getPath());

            assertFails(call, COORDINATOR, "its callback did not arrive at http://127.0.0.1:", "saga.callback.url");
            assertThat(proxy.count(keyEndsWith("/cancel"))).isPositive();
        }
    }

    @Test
    void detects_a_wrong_callback_url_before_it_starts_an_lra() throws Exception {
        assertFails(
                doctor("saga.callback.url=http://127.0.0.1:1", "saga.callback.port=0"),
                COORDINATOR,
                "saga.callback.url");
    }

    @Test
    void does_not_change_an_empty_postgresql() throws Exception {
        try (PostgresServer postgres = PostgresServer.installed()) {
            List<String> before = objects(postgres.url());

            Call call = doctor(Stream.of("journal", "store.security", "store.graph", "store.relational")
                    .map(part -> "saga." + part + ".url=" + postgres.url())
                    .toArray(String[]::new));

            assertThat(call.code()).as(call.out()).isZero();
            assertThat(objects(postgres.url())).isEqualTo(before);
            for (String part : List.of("journal", "security", "graph", "relational")) {
                assertThat(line(call, "database " + part).get("detail").asText())
                        .contains("POSTGRESQL", "answers, not migrated yet");
            }
        }
    }

    /** Schemas, tables, indexes, sequences and extensions. */
    private static List<String> objects(String url) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                ResultSet rows = connection
                        .createStatement()
                        .executeQuery("SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_temp%' "
                                + "AND nspname NOT LIKE 'pg_toast_temp%'"
                                + " UNION ALL SELECT 'class ' || oid::regclass FROM pg_class"
                                + " UNION ALL SELECT 'extension ' || extname "
                                + "FROM pg_extension ORDER BY 1")) {
            List<String> objects = new ArrayList<>();
            while (rows.next()) {
                objects.add(rows.getString(1));
            }
            return objects;
        }
    }

    @Test
    void names_an_unreachable_database() throws Exception {
        assertFails(
                doctor("saga.journal.url=jdbc:postgresql://127.0.0.1:1/journal", "saga.journal.timeout=1s"),
                "database journal",
                "127.0.0.1:1");
    }

    @Test
    void does_not_create_a_missing_bucket() throws Exception {
        try (EmbeddedS3 server = EmbeddedS3.start(directory.resolve("s3"));
                S3Client client = S3Clients.create(
                        Settings.parse(Map.of()).servers().s3(),
                        server.endpoint(),
                        server.accessKey(),
                        server.secretKey())) {
            String[] settings = {
                "saga.s3.endpoint=" + server.endpoint(),
                "saga.s3.access-key=" + server.accessKey(),
                "saga.s3.secret-key=" + server.secretKey(),
                "saga.s3.bucket=wanted"
            };

            Call missing = doctor(settings);
            assertThat(missing.code()).as(missing.out()).isZero();
            assertThat(line(missing, "bucket").get("detail").asText())
                    .contains("wanted at " + server.endpoint() + " answers, the bucket does not exist yet");
            assertThat(client.listBuckets().buckets()).isEmpty();

            client.createBucket(r -> r.bucket("wanted"));
            Call there = doctor(settings);
            assertThat(line(there, "bucket").get("detail").asText()).contains("an upload, which was aborted");
            assertThat(client.listObjectsV2(r -> r.bucket("wanted")).contents()).isEmpty();
            assertThat(client.listMultipartUploads(r -> r.bucket("wanted")).uploads())
                    .isEmpty();
        }
        assertFails(
                doctor("saga.s3.endpoint=http://127.0.0.1:1", "saga.s3.access-key=a", "saga.s3.secret-key=b"),
                "bucket",
                "127.0.0.1");
    }

    @Test
    void names_a_participant_without_routes_and_starts_no_route() throws Exception {
        Path routes = Files.createDirectories(directory.resolve("routes"));
        Files.writeString(routes.resolve("trigger.camel.yaml"), """
                - route:
                    id: trigger
                    from:
                      uri: timer:now
                      parameters: {delay: 0, repeatCount: 1}
                      steps:
                        - to: file:%s?fileName=started
                """.formatted(directory.resolve("out")));

        assertFails(
                doctor("saga.participants=security,audit"),
                "routes",
                "direct:saga-store-audit, direct:saga-store-audit-compensate");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    /** Uses child JVMs, since a JVM can have only one embedded coordinator. */
    @Test
    void checks_an_embedded_coordinator_on_scratch_data_or_in_its_process() throws Exception {
        ChildJava.prepare();
        Path log = directory.resolve("doctor.log");
        assertThat(child(log, "doctor", "--json").waitFor())
                .as(Files.readString(log))
                .isZero();
        assertThat(Files.readString(log)).contains("not running now", "an LRA was begun, joined and cancelled");
        assertThat(data()).doesNotExist();

        Process service = child(directory.resolve("service.log"), "start", "-D", "saga.http.enabled=false");
        try {
            await().atMost(Duration.ofSeconds(90))
                    .until(() -> Files.exists(data().resolve("callback.port"))
                            && Files.exists(data().resolve("coordinator/port")));
            String port = Files.readString(data().resolve("coordinator/port")).strip();
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                assertThat(child(log, "doctor", "--json").waitFor())
                        .as(Files.readString(log))
                        .isZero();
                assertThat(Files.readString(log))
                        .contains(
                                "127.0.0.1:" + port + "/lra-coordinator of the running process",
                                "joined and cancelled");
            });
        } finally {
            service.destroy();
            assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        Map<String, Long> before = files();
        assertThat(child(log, "doctor", "--json").waitFor())
                .as(Files.readString(log))
                .isZero();
        assertThat(files()).isEqualTo(before);
    }

    private Process child(Path log, String... arguments) throws Exception {
        List<String> command = ChildJava.command(List.of("-Xmx256m", "-Dstreamingsaga.home=" + directory));
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        command.addAll(List.of("--data", data().toString(), "-D", "saga.routes.dir=" + directory.resolve("routes")));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** Each file of the data directory with the time of its last change. */
    private Map<String, Long> files() throws Exception {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(data())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                found.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
            }
        }
        return found;
    }
}
