package dev.streamingsaga.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The Kubernetes manifests: each alone, and what they say of each other. */
@Tag("unit")
@Tag("one-jdk")
class KubernetesManifestsTest {
    private static final Path FOLDER = Path.of("config/kubernetes");
    private static final Path DOCUMENTATION = Path.of("docs/deployment.md");
    private static final Map<String, String> NODE =
            Map.of("app.kubernetes.io/name", "streaming-saga", "app.kubernetes.io/component", "node");
    private static final Map<String, String> COORDINATOR =
            Map.of("app.kubernetes.io/name", "streaming-saga", "app.kubernetes.io/component", "coordinator");

    private final List<JsonNode> manifests = manifests();

    @Test
    void each_manifest_has_only_fields_that_kubernetes_knows() {
        assertThat(manifests).hasSizeGreaterThan(10).allSatisfy(manifest -> {
            if (Manifest.isCustomResource(manifest)) {
                assertThat(Schemas.customResourceProblems(manifest)).isEmpty();
            } else {
                assertThatCode(() -> Manifest.parse(manifest)).doesNotThrowAnyException();
            }
        });
    }

    @Test
    void a_manifest_with_a_mistake_is_refused() {
        ObjectNode node = deployment("saga").deepCopy();
        ((ObjectNode) container(node)).put("readinesProbe", true);
        assertThatThrownBy(() -> Manifest.parse(node)).hasMessageContaining("readinesProbe");

        ObjectNode port = deployment("saga").deepCopy();
        ((ObjectNode) container(port).path("ports").path(0)).put("containerPort", "8480");
        assertThatThrownBy(() -> Manifest.parse(port)).hasMessageContaining("containerPort");

        ObjectNode variable = deployment("coordinator").deepCopy();
        ((ObjectNode) container(variable).path("env").path(0)).put("value", true);
        assertThatThrownBy(() -> Manifest.parse(variable)).hasMessageContaining("value");

        ObjectNode scaler = one("ScaledObject", "saga").deepCopy();
        ((ObjectNode) scaler.path("spec")).put("maxReplicas", 10);
        assertThat(Schemas.customResourceProblems(scaler)).anyMatch(problem -> problem.contains("maxReplicas"));
    }

    @Test
    void kustomize_takes_every_file_and_every_file_is_there() throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            Map<Path, Set<Path>> folders = files.filter(Files::isRegularFile)
                    .collect(Collectors.groupingBy(Path::getParent, Collectors.toCollection(TreeSet::new)));
            folders.forEach((folder, content) -> {
                JsonNode kustomization =
                        YamlFile.read(folder.resolve("kustomization.yaml")).get(0);
                Set<Path> named = new TreeSet<>(Set.of(folder.resolve("kustomization.yaml")));
                kustomization.path("resources").forEach(resource -> named.add(folder.resolve(resource.asText())));
                assertThat(content).isEqualTo(named);
            });
            assertThat(folders).hasSize(3);
        }
    }

    @Test
    void selectors_and_named_ports_find_pods() {
        for (JsonNode service : kind("Service")) {
            JsonNode pods = podsOf(labels(service.at("/spec/selector")));
            service.at("/spec/ports")
                    .forEach(port -> assertThat(ports(pods))
                            .containsKey(port.path("targetPort").asText()));
        }
        for (JsonNode budget : kind("PodDisruptionBudget")) {
            podsOf(labels(budget.at("/spec/selector/matchLabels")));
        }
        for (JsonNode policy : kind("NetworkPolicy")) {
            if (!policy.at("/spec/podSelector").isEmpty()) {
                JsonNode pods = podsOf(labels(policy.at("/spec/podSelector/matchLabels")));
                policy.at("/spec/ingress")
                        .forEach(rule -> rule.path("ports")
                                .forEach(port -> assertThat(ports(pods))
                                        .containsKey(port.path("port").asText())));
            }
        }
        for (JsonNode workload : workloads()) {
            JsonNode pods = workload.at("/spec/template");
            assertThat(labels(pods.at("/metadata/labels")))
                    .isEqualTo(labels(workload.at("/spec/selector/matchLabels")));
            for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
                JsonNode check = container(workload).path(probe);
                assertThat(check.isMissingNode()).as(probe).isFalse();
                if (check.has("httpGet")) {
                    assertThat(ports(pods))
                            .containsKey(check.at("/httpGet/port").asText());
                    assertThat(check.at("/httpGet/path").asText()).matches("/observe/health/(live|ready)");
                }
            }
        }
        assertThat(one("Ingress", "saga")
                        .at("/spec/rules/0/http/paths/0/backend/service/name")
                        .asText())
                .isEqualTo(one("Service", "saga").at("/metadata/name").asText());
        assertThat(one("ScaledObject", "saga").at("/spec/scaleTargetRef/name").asText())
                .isEqualTo(deployment("saga").at("/metadata/name").asText());
    }

    @Test
    void only_the_coordinator_reaches_the_callback_port() {
        assertThat(kind("NetworkPolicy"))
                .as("what is not allowed is refused")
                .anyMatch(policy -> policy.at("/spec/podSelector").isEmpty()
                        && policy.at("/spec/policyTypes").toString().contains("Ingress")
                        && policy.at("/spec/ingress").isMissingNode());
        List<JsonNode> allowed = new ArrayList<>();
        for (JsonNode policy : kind("NetworkPolicy")) {
            if (labels(policy.at("/spec/podSelector/matchLabels")).equals(NODE)) {
                policy.at("/spec/ingress").forEach(rule -> {
                    assertThat(rule.path("ports").isEmpty())
                            .as("a rule for all ports")
                            .isFalse();
                    rule.path("ports").forEach(port -> {
                        if (!port.path("port").asText().equals("http")) {
                            assertThat(port.path("port").asText()).isEqualTo("callback");
                            assertThat(rule.path("from").isEmpty())
                                    .as("from anywhere")
                                    .isFalse();
                            rule.path("from").forEach(allowed::add);
                        }
                    });
                });
            }
        }
        assertThat(allowed).hasSize(1);
        assertThat(allowed.get(0).size()).isOne();
        assertThat(labels(allowed.get(0).at("/podSelector/matchLabels"))).isEqualTo(COORDINATOR);
    }

    @Test
    void the_settings_are_known_and_fit_the_ports() {
        SagaConfig node = settings("saga");
        assertThat(deployment("saga")
                        .at("/spec/template/spec/terminationGracePeriodSeconds")
                        .asLong())
                .as("docs/deployment.md: 5 s for the load balancer, saga.drain.timeout, 15 s")
                .isGreaterThanOrEqualTo(node.operation().node().drainTimeout().toSeconds() + 20);
        assertThat(ports(podsOf(NODE)))
                .containsOnly(
                        Map.entry("http", node.endpoints().http().port()),
                        Map.entry("callback", node.servers().callback().port()));
        assertThat(node.servers().callback().url())
                .as("host and port are enough")
                .isEmpty();
        assertThat(node.servers().callback().host()).isEqualTo("10.1.2.3");
        assertThat(node.dataDir()).isEqualTo(Path.of("/var/lib/saga/saga-0"));

        SagaConfig coordinator = settings("coordinator");
        assertThat(ports(podsOf(COORDINATOR)))
                .containsOnly(Map.entry(
                        "lra", coordinator.servers().coordinator().server().port()));
        assertThat(node.servers().coordinator().url().orElseThrow())
                .hasToString("http://"
                        + coordinator.servers().coordinator().server().hosts().get(0) + ":"
                        + coordinator.servers().coordinator().server().port() + "/lra-coordinator");
        assertThat(coordinator.servers().coordinator().server().hosts())
                .containsExactly(
                        one("Service", "coordinator").at("/metadata/name").asText());
        assertThat(one("ScaledObject", "saga")
                        .at("/spec/triggers/0/metadata/queueName")
                        .asText())
                .isEqualTo(node.endpoints().jms().queue());
    }

    /** A variable that a service's name makes could be a setting. */
    @Test
    void pods_have_no_variables_of_services_and_no_token() {
        assertThat(workloads()).hasSize(2).allSatisfy(workload -> {
            JsonNode pod = workload.at("/spec/template/spec");
            assertThat(pod.path("enableServiceLinks").asBoolean(true)).isFalse();
            assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
            assertThat(pod.path("serviceAccountName").asText())
                    .isEqualTo(
                            kind("ServiceAccount").get(0).at("/metadata/name").asText());
        });
    }

    @Test
    void pods_meet_the_restricted_standard_and_have_limits() {
        assertThat(one("Namespace", "streaming-saga").at("/metadata/labels").toString())
                .contains("\"pod-security.kubernetes.io/enforce\":\"restricted\"");
        for (JsonNode workload : workloads()) {
            JsonNode pod = workload.at("/spec/template/spec");
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/securityContext/runAsUser").asText() + ":"
                            + pod.at("/securityContext/runAsGroup").asText())
                    .isEqualTo(Dockerfile.ofTheImage().lastStage().one("USER").arguments());
            assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(pod.path("terminationGracePeriodSeconds").asInt()).isGreaterThanOrEqualTo(20);
            for (JsonNode container : containers(pod)) {
                JsonNode security = container.path("securityContext");
                assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(security.path("allowPrivilegeEscalation").asBoolean(true))
                        .isFalse();
                assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
                assertThat(container.at("/resources/limits/memory").isMissingNode())
                        .isFalse();
                assertThat(container.at("/resources/requests/cpu").isMissingNode())
                        .isFalse();
            }
        }
    }

    @Test
    void there_is_one_coordinator_with_a_volume_and_enough_nodes_for_a_disruption() {
        assertThat(one("StatefulSet", "coordinator").at("/spec/replicas").asInt())
                .isOne();
        assertThat(one("StatefulSet", "coordinator")
                        .at("/spec/volumeClaimTemplates/0/metadata/name")
                        .asText())
                .isEqualTo("data");
        int nodes = one("Deployment", "saga").at("/spec/replicas").asInt();
        assertThat(nodes).isEqualTo(3);
        assertThat(one("PodDisruptionBudget", "saga").at("/spec/maxUnavailable").asInt())
                .isLessThan(nodes);
        assertThat(one("ScaledObject", "saga").at("/spec/minReplicaCount").asInt())
                .isEqualTo(nodes);
        assertThat(one("PersistentVolumeClaim", "nodes")
                        .at("/spec/accessModes/0")
                        .asText())
                .isEqualTo("ReadWriteMany");
    }

    @Test
    void every_mount_has_a_volume_and_every_secret_is_documented() throws IOException {
        String documentation = Files.readString(DOCUMENTATION);
        for (JsonNode workload : workloads()) {
            JsonNode pod = workload.at("/spec/template/spec");
            Set<String> volumes = new TreeSet<>();
            pod.path("volumes")
                    .forEach(volume -> volumes.add(volume.path("name").asText()));
            workload.at("/spec/volumeClaimTemplates")
                    .forEach(claim -> volumes.add(claim.at("/metadata/name").asText()));
            for (JsonNode container : containers(pod)) {
                container
                        .path("volumeMounts")
                        .forEach(mount ->
                                assertThat(volumes).contains(mount.path("name").asText()));
            }
            for (JsonNode volume : pod.path("volumes")) {
                if (volume.has("secret")) {
                    assertThat(documentation)
                            .contains("create secret generic "
                                    + volume.at("/secret/secretName").asText() + " ");
                }
            }
            environment(workload).forEach((name, value) -> {
                if (name.endsWith("_FILE") && !name.equals("SAGA_HTTP_KEYS_FILE")) {
                    Path file = Path.of(value);
                    assertThat(mounts(container(workload))).contains(String.valueOf(file.getParent()));
                    assertThat(documentation).containsPattern("--from-\\w+=" + Pattern.quote(file.getFileName() + "="));
                }
            });
        }
        one("TriggerAuthentication", "artemis")
                .at("/spec/secretTargetRef")
                .forEach(secret -> assertThat(documentation)
                        .contains("create secret generic " + secret.path("name").asText() + " ", "="));
    }

    private SagaConfig settings(String workload) {
        Map<String, String> environment = environment(deployment(workload));
        assertThat(ContainerSettings.unknown(environment)).isEmpty();
        Map<String, String> all = new LinkedHashMap<>(Dockerfile.ofTheImage().environment());
        all.putAll(environment);
        return ContainerSettings.parse(all);
    }

    /** As the container sees it, for a pod named saga-0 with the address 10.1.2.3. */
    private Map<String, String> environment(JsonNode workload) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (JsonNode source : container(workload).path("envFrom")) {
            one("ConfigMap", source.at("/configMapRef/name").asText())
                    .path("data")
                    .properties()
                    .forEach(entry ->
                            environment.put(entry.getKey(), entry.getValue().asText()));
        }
        container(workload)
                .path("env")
                .forEach(variable -> environment.put(
                        variable.path("name").asText(),
                        variable.path("value")
                                .asText()
                                .replace("$(POD_NAME)", "saga-0")
                                .replace("$(POD_IP)", "10.1.2.3")));
        if (environment.containsKey("SAGA_DATA")) {
            environment.put("SAGA_DATA_DIR", environment.get("SAGA_DATA"));
        }
        return environment;
    }

    private static List<JsonNode> manifests() {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".yaml") && !file.endsWith("kustomization.yaml"))
                    .sorted()
                    .flatMap(file -> YamlFile.read(file).stream())
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<JsonNode> kind(String kind) {
        return manifests.stream()
                .filter(manifest -> manifest.path("kind").asText().equals(kind))
                .toList();
    }

    private JsonNode one(String kind, String name) {
        return kind(kind).stream()
                .filter(manifest -> manifest.at("/metadata/name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
    }

    private List<JsonNode> workloads() {
        return Stream.of("Deployment", "StatefulSet")
                .flatMap(kind -> kind(kind).stream())
                .toList();
    }

    private JsonNode deployment(String name) {
        return workloads().stream()
                .filter(workload -> workload.at("/metadata/name").asText().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode container(JsonNode workload) {
        return workload.at("/spec/template/spec/containers/0");
    }

    private static List<JsonNode> containers(JsonNode pod) {
        List<JsonNode> containers = new ArrayList<>();
        pod.path("initContainers").forEach(containers::add);
        pod.path("containers").forEach(containers::add);
        return containers;
    }

    /** The template of the pods that a selector finds. */
    private JsonNode podsOf(Map<String, String> selector) {
        assertThat(selector).isNotEmpty();
        List<JsonNode> found = workloads().stream()
                .map(workload -> workload.at("/spec/template"))
                .filter(pods -> labels(pods.at("/metadata/labels")).entrySet().containsAll(selector.entrySet()))
                .toList();
        assertThat(found).as("pods with %s", selector).hasSize(1);
        return found.get(0);
    }

    private static Map<String, Integer> ports(JsonNode pods) {
        Map<String, Integer> ports = new LinkedHashMap<>();
        pods.at("/spec/containers/0/ports")
                .forEach(port -> ports.put(
                        port.path("name").asText(), port.path("containerPort").asInt()));
        return ports;
    }

    private static Set<String> mounts(JsonNode container) {
        Set<String> mounts = new TreeSet<>();
        container
                .path("volumeMounts")
                .forEach(mount -> mounts.add(mount.path("mountPath").asText()));
        return mounts;
    }

    private static Map<String, String> labels(JsonNode labels) {
        Map<String, String> map = new LinkedHashMap<>();
        labels.properties()
                .forEach(label -> map.put(label.getKey(), label.getValue().asText()));
        return map;
    }
}
