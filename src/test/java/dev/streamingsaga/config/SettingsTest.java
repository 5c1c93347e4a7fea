package dev.streamingsaga.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class SettingsTest {
    @Test
    void names_every_wrong_setting_at_once_with_key_rule_and_value() {
        assertThatThrownBy(() -> Settings.parse(Map.of(
                        "saga.chunk.size", "1MiB",
                        "saga.security.classification", "secret",
                        "saga.s3.endpoint", "ftp://somewhere",
                        "saga.chunk.sise", "8MiB")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .containsExactlyInAnyOrder(
                                        "saga.chunk.size must be a size such as 8MiB from 5MiB to 64MiB, was \"1MiB\"",
                                        "saga.security.classification must be one of public, internal, confidential,"
                                                + " restricted, was \"secret\"",
                                        "saga.s3.endpoint must be an http or https URL, was \"ftp://somewhere\"",
                                        "saga.chunk.sise is not a setting; config/application.properties lists them"
                                                + " all"));
    }

    @Test
    void requires_credentials_for_an_address_other_than_loopback() {
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.http.host", "0.0.0.0")))
                .hasMessageContaining("saga.http.host")
                .hasMessageContaining("saga.http.keys-file");
        assertThat(Settings.parse(Map.of("saga.http.host", "0.0.0.0", "saga.http.keys-file", "keys"))
                        .endpoints()
                        .http()
                        .host())
                .isEqualTo("0.0.0.0");
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.http.oidc.issuer", "https://id.example")))
                .hasMessageContaining("saga.http.oidc.audience");
        assertThatThrownBy(() -> Settings.parse(
                        Map.of("saga.http.oidc.issuer", "http://id.example", "saga.http.oidc.audience", "us")))
                .hasMessageContaining("https");
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.http.path", "saga/")))
                .hasMessageContaining("saga.http.path");
    }

    @ParameterizedTest
    @CsvSource({"500ms,500", "5s,5000", "5,5000", "2m,120000", "1.5s,1500"})
    void reads_times_in_the_units_people_write(String text, long millis) {
        assertThat(Settings.parse(Map.of("saga.chunk.retry-delay", text))
                        .documents()
                        .chunk()
                        .retryDelay())
                .isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({
        "saga.chunk.size,99999999999999999999TiB",
        "saga.concurrency,0",
        "saga.concurrency,two",
        "saga.time-limit,31d",
        "saga.participants,'graph,graph'",
        "saga.participants,upload",
        "saga.name,Saga",
        "saga.chunk.prefix,a//b",
        "saga.journal.url,jdbc:h2:mem",
        "saga.journal.url,bolt://a:7687",
        "saga.store.graph.url,http://a:7474",
        "saga.store.graph.url,bolt://neo4j:secret@a",
        "saga.store.graph.url,bolt://a?policy=b",
        "saga.store.graph.database,neo4j",
        "saga.verify.read-back,yes",
        "saga.embedding.provider,magic",
        "saga.callback.secret,short",
        "saga.coordinator.secret,short",
        "saga.coordinator.secret,sixteen letters with blanks",
        "saga.coordinator.port,65536",
        "saga.coordinator.hosts,http://a",
        "saga.coordinator.max-lras,0",
        "saga.drop.watch-after,8d",
        "saga.drop.wait-for-writers,maybe",
        "saga.drop.ignore,*",
        "saga.drop.ignore,'*.tmp,a/b'",
        "saga.chunk.compression,gzip",
        "saga.chunk.compression.level,20",
        "saga.chunk.encryption,aes256-gcm"
    })
    void refuses_what_breaks_a_rule(String key, String value) {
        assertThatThrownBy(() -> Settings.parse(Map.of(key, value)))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems()).singleElement().asString().startsWith(key));
    }

    @ParameterizedTest
    @CsvSource({
        "bolt://a,true",
        "bolt+s://a.example:7687,true",
        "neo4j://[::1]:7687,true",
        "neo4j+s://a:7687/?policy=eu,true",
        "jdbc:postgresql://a/graph,false"
    })
    void the_url_of_the_graph_selects_neo4j(String url, boolean neo4j) {
        assertThat(Settings.parse(Map.of("saga.store.graph.url", url))
                        .servers()
                        .store("graph")
                        .isNeo4j())
                .isEqualTo(neo4j);
    }

    @Test
    void all_nodes_share_the_database_of_a_neo4j_server_whatever_they_call_the_server() {
        Map<String, String> one = Map.of("saga.store.graph.url", "bolt://a", "saga.store.graph.database", "graph");
        Map<String, String> another = Map.of("saga.store.graph.url", "neo4j://b", "saga.store.graph.database", "graph");
        Map<String, String> other = Map.of("saga.store.graph.url", "bolt://a", "saga.store.graph.database", "other");

        assertThat(graph(one)).isEqualTo(graph(another)).isNotEqualTo(graph(other));
    }

    private static String graph(Map<String, String> settings) {
        return SharedSettings.fingerprints(Settings.parse(settings), "salt", true)
                .get("saga.store.graph.url");
    }

    @ParameterizedTest
    @CsvSource({
        "saga.s3.secret-key,${env:S3_SECRET_KEY:}",
        "saga.journal.url,{{env:JOURNAL}}",
        "saga.drop.dir,/srv/${sys:user}/inbox"
    })
    void refuses_an_unresolved_placeholder(String key, String value) {
        assertThatThrownBy(() -> Settings.parse(Map.of(key, value)))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .singleElement()
                                .asString()
                                .startsWith(key + " has a placeholder that was not resolved")
                                .endsWith(key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_")));
        assertThat(Settings.parse(Map.of("saga.drop.done-file", "${name}.done"))
                        .endpoints()
                        .drop()
                        .doneFile())
                .as("no such placeholder")
                .isEqualTo("${name}.done");
    }

    @Test
    void requires_more_connections_than_requests_that_may_hold_one() {
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.http.max-connections", "92")))
                .hasMessageContaining("saga.http.max-connections")
                .hasMessageContaining("saga.http.max-sagas")
                .hasMessageContaining("(92)");
        assertThat(Settings.parse(Map.of("saga.http.max-connections", "93"))
                        .endpoints()
                        .http()
                        .limits()
                        .connections()
                        .max())
                .isEqualTo(93);
        assertThat(Settings.parse(Map.of("saga.http.min-rate", "0"))
                        .endpoints()
                        .http()
                        .limits()
                        .leastRate())
                .isZero();
    }

    @Test
    void never_shows_a_secret() {
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.callback.secret", "hunter2")))
                .hasMessageNotContaining("hunter2");
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.coordinator.secret", "hunter2")))
                .hasMessageNotContaining("hunter2");
        assertThat(Settings.parse(Map.of("saga.coordinator.secret", "hunter2-hunter2-hunter2")))
                .asString()
                .doesNotContain("hunter2");
    }

    @Test
    void ignores_keys_outside_saga() {
        assertThat(Settings.parse(Map.of("camel.main.name", "x")).name()).isEqualTo("saga");
    }

    @Test
    void the_reference_file_has_every_key_with_its_default_and_no_other() throws Exception {
        Properties file = new Properties();
        List<String> lines = Files.readAllLines(Path.of("config/application.properties"));
        try (Reader reader = Files.newBufferedReader(Path.of("config/application.properties"))) {
            file.load(reader);
        }
        Settings.defaults().forEach((key, value) -> {
            if (key.equals("saga.security.owner")) {
                assertThat(lines)
                        .as("the user's name is no default to write down")
                        .contains("# saga.security.owner=");
            } else {
                assertThat(file.getProperty(key)).as(key).isEqualTo(value);
            }
        });
        assertThat(Settings.defaults().keySet()).containsAll(file.stringPropertyNames());
    }

    @Test
    void a_coordinator_on_every_address_needs_a_name_that_nodes_call() {
        assertThatThrownBy(() -> Settings.parse(Map.of("saga.coordinator.host", "0.0.0.0")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("saga.coordinator.hosts", "0.0.0.0");
        assertThat(Settings.parse(Map.of(
                                "saga.coordinator.host", "0.0.0.0", "saga.coordinator.hosts", "coordinator:8482"))
                        .servers()
                        .coordinator()
                        .server()
                        .hosts())
                .containsExactly("coordinator:8482");
    }

    @Test
    void the_production_file_is_accepted() throws Exception {
        Properties file = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of("config/production.properties"))) {
            file.load(reader);
        }
        Map<String, String> values = new java.util.HashMap<>();
        file.stringPropertyNames().forEach(key -> values.put(key, file.getProperty(key)));
        assertThat(Settings.parse(values).servers().journal().url()).isPresent();
    }

    /**
     * A port in the ephemeral range may be taken by any outgoing connection, and Prometheus and clients must know it.
     */
    @Test
    void every_default_port_is_fixed_below_the_ephemeral_range_and_used_where_it_is_documented() throws Exception {
        assertThat(Settings.parse(Map.of()).endpoints().http().port()).isEqualTo(8480);
        assertThat(Files.readString(Path.of("config/prometheus/prometheus.yml")))
                .contains("127.0.0.1:8480");
        assertThat(Files.readString(Path.of("README.md"))).contains("URL=http://127.0.0.1:8480 ");
        String compose = Files.readString(Path.of("docker-compose.yml"));
        assertThat(compose).contains("QUARKUS_HTTP_PORT: \"8482\"", "http://127.0.0.1:8482/lra-coordinator");
        String production = Files.readString(Path.of("config/production.properties"));
        assertThat(production)
                .contains("saga.coordinator.url=http://127.0.0.1:8482/lra-coordinator", "saga.callback.port=8481");
        Matcher ports = Pattern.compile("127\\.0\\.0\\.1:(\\d+)").matcher(compose + production);
        assertThat(ports.results().map(port -> Integer.parseInt(port.group(1))))
                .isNotEmpty()
                .allMatch(port -> port < 32_768);
    }
}
