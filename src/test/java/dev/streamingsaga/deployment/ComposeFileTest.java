package dev.streamingsaga.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
@Tag("one-jdk")
class ComposeFileTest {
    private static final Path FILE = Path.of("docker-compose.yml");
    private static final Pattern REQUIRED = Pattern.compile("\\$\\{(\\w+):\\?[^}]*}");
    private static final Pattern OPTIONAL = Pattern.compile("\\$\\{\\w+:-([^}]*)}");

    private final JsonNode compose = YamlFile.read(FILE).get(0);
    private final JsonNode services = compose.path("services");

    @Test
    void follows_the_compose_specification() {
        assertThat(Schemas.composeProblems(compose)).isEmpty();

        ObjectNode broken = compose.deepCopy();
        ((ObjectNode) broken.at("/services/saga")).put("depend_on", "postgres");
        assertThat(Schemas.composeProblems(broken))
                .as("a word that there is not")
                .anyMatch(problem -> problem.contains("depend_on"));
    }

    @Test
    void every_name_that_a_service_refers_to_is_declared() {
        services.properties().forEach(service -> {
            JsonNode value = service.getValue();
            value.path("networks")
                    .forEach(name -> assertThat(compose.path("networks").has(name.asText()))
                            .as("network %s", name)
                            .isTrue());
            value.path("depends_on").fieldNames().forEachRemaining(name -> {
                assertThat(services.has(name)).as(name).isTrue();
                boolean ownImage = name.equals("saga");
                assertThat(ownImage || services.path(name).has("healthcheck"))
                        .as("%s waits for the health of %s", service.getKey(), name)
                        .isTrue();
            });
            value.path("volumes").forEach(volume -> {
                String source = volume.asText().split(":")[0];
                assertThat(
                                source.startsWith("./")
                                        ? Files.exists(Path.of(source))
                                        : compose.path("volumes").has(source))
                        .as(source)
                        .isTrue();
            });
        });
    }

    @Test
    void the_nodes_can_be_scaled_and_find_each_server() {
        JsonNode saga = services.path("saga");
        assertThat(saga.has("container_name") || saga.has("ports")).isFalse();
        assertThat(saga.path("deploy").path("replicas").asInt()).isEqualTo(3);

        SagaConfig node = settings("saga");

        assertThat(node.servers().journal().url().orElseThrow()).startsWith("jdbc:postgresql://postgres:5432/");
        assertThat(node.servers().coordinator().url().orElseThrow().getAuthority())
                .isEqualTo("coordinator:8482");
        assertThat(node.servers().s3().endpoint().orElseThrow().getHost()).isEqualTo("seaweedfs");
        assertThat(node.endpoints().jms().url()).isEqualTo("tcp://artemis:61616");
        assertThat(node.servers().callback().host()).isEqualTo("0.0.0.0");
        assertThat(Long.parseLong(saga.path("stop_grace_period").asText().replace("s", "")))
                .as("docs/production.md: 15 s more than saga.drain.timeout")
                .isGreaterThanOrEqualTo(node.operation().node().drainTimeout().toSeconds() + 15);
        assertThat(saga.path("environment").has("SAGA_NODES_DIR")).isTrue();
        assertThat(environment("saga").get("SAGA_JMS_PASSWORD"))
                .isEqualTo(environment("artemis").get("ARTEMIS_PASSWORD"));
    }

    @Test
    void the_coordinator_is_one_and_answers_the_name_that_the_nodes_call() {
        SagaConfig coordinator = settings("coordinator");
        assertThat(coordinator.servers().coordinator().server().host()).isEqualTo("0.0.0.0");
        assertThat(coordinator.servers().coordinator().server().hosts()).containsExactly("coordinator");
        assertThat(coordinator.servers().coordinator().server().port()).isEqualTo(8482);
        assertThat(coordinator.servers().coordinator().secret())
                .isEqualTo(settings("saga").servers().coordinator().secret());
        assertThat(services.at("/coordinator/deploy/replicas").isMissingNode()).isTrue();
        assertThat(environment("coordinator")).containsKey("SAGA_DATA");
    }

    @Test
    void our_containers_write_to_their_volume_only_and_have_no_privileges() {
        for (String name : new String[] {"saga", "coordinator"}) {
            JsonNode service = services.path(name);
            assertThat(service.path("read_only").asBoolean()).as(name).isTrue();
            assertThat(service.path("cap_drop").path(0).asText()).isEqualTo("ALL");
            assertThat(service.path("security_opt").path(0).asText()).isEqualTo("no-new-privileges:true");
            assertThat(service.path("volumes").path(0).asText()).endsWith(":/var/lib/saga");
        }
    }

    @Test
    void no_port_is_open_beyond_this_machine_by_default() {
        services.forEach(service -> service.path("ports")
                .forEach(port -> assertThat(OPTIONAL.matcher(port.asText()).replaceAll("$1"))
                        .startsWith("127.0.0.1:")));
    }

    @Test
    void a_script_makes_every_secret_that_is_required() throws IOException {
        TreeSet<String> required = REQUIRED.matcher(Files.readString(FILE))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        Process script = new ProcessBuilder("config/docker/secrets").start();
        Map<String, String> made = script.inputReader()
                .lines()
                .map(line -> line.split("=", 2))
                .collect(Collectors.toMap(line -> line[0], line -> line[1]));

        assertThat(made.keySet()).isEqualTo(required);
        assertThat(made.values()).doesNotHaveDuplicates().allMatch(secret -> secret.matches("[0-9a-f]{20,}"));
    }

    private SagaConfig settings(String service) {
        Map<String, String> environment = environment(service);
        assertThat(ContainerSettings.unknown(environment)).as(service).isEmpty();
        return ContainerSettings.parse(environment);
    }

    /** With a value for each secret, and the defaults of the image. */
    private Map<String, String> environment(String service) {
        Map<String, String> environment =
                new LinkedHashMap<>(Dockerfile.ofTheImage().environment());
        services.path(service)
                .path("environment")
                .properties()
                .forEach(entry -> environment.put(
                        entry.getKey(),
                        REQUIRED.matcher(entry.getValue().asText()).replaceAll(ComposeFileTest::secret)));
        return environment;
    }

    private static String secret(MatchResult match) {
        return "secret-of-" + match.group(1);
    }
}
