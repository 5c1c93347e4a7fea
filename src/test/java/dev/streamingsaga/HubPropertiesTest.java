package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.testkit.HubServers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of a hub with placeholders, most often environment variables. */
@Tag("one-jdk")
class HubPropertiesTest {
    private static final Map<String, String> COMPLETE = Map.of(
            "saga.coordinator.url",
            "http://localhost:8482/lra-coordinator",
            "saga.s3.endpoint",
            "http://127.0.0.1:8333",
            "saga.journal.url",
            "jdbc:sqlite:target/never-opened.db",
            "saga.participants",
            "vector",
            "saga.store.vector.url",
            "jdbc:sqlite:target/never-opened.db",
            "saga.data.dir",
            "target/never-opened");

    /** Reports the unset variable, and not a missing server. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "coordinator.url",
                "s3.endpoint",
                "journal.url",
                "store.vector.url",
                "participants",
                "s3.secret-key",
                "chunk.size"
            })
    void names_an_unset_variable_and_its_property(String key) throws Exception {
        assertThatThrownBy(hub(Map.of("saga." + key, "{{env:SAGA_TEST_NOT_SET}}"))::start)
                .hasMessageEndingWith("configuration: saga." + key
                        + " refers to the environment variable SAGA_TEST_NOT_SET, which is not set: set it,"
                        + " or give a default, {{env:SAGA_TEST_NOT_SET:default}}");
    }

    @Test
    void reports_all_unresolvable_placeholders_at_once() throws Exception {
        assertThatThrownBy(hub(Map.of(
                        "saga.coordinator.url",
                        "{{hub.coordinator}}",
                        "saga.s3.endpoint",
                        "http://{{sys:saga.test.not-set}}:1",
                        "saga.journal.url",
                        "${env:SAGA_TEST_JOURNAL}",
                        "saga.chunk.size",
                        "1MiB",
                        "hub.other",
                        "{{env:NOT_OURS}}"))::start)
                .hasMessageContainingAll(
                        "saga.coordinator.url refers to the property hub.coordinator, which does not exist",
                        "saga.s3.endpoint refers to the system property saga.test.not-set, which is not set",
                        "saga.journal.url has a placeholder that was not resolved: in a hub write {{env:NAME}}",
                        "saga.chunk.size must be a size")
                .message()
                .doesNotContain("no LRA coordinator", "no bucket", "no database", "NOT_OURS");
    }

    @Test
    void names_a_variable_that_another_property_refers_to() throws Exception {
        assertThatThrownBy(hub(Map.of("saga.s3.endpoint", "{{hub.s3}}", "hub.s3", "{{env:SAGA_TEST_NOT_SET}}"))::start)
                .hasMessageContaining("saga.s3.endpoint refers to the environment variable SAGA_TEST_NOT_SET");
    }

    @Test
    void uses_a_default_and_treats_an_empty_one_as_not_set() throws Exception {
        CamelContext hub = hub(Map.of(
                "saga.s3.region",
                "{{env:SAGA_TEST_NOT_SET:eu-central-1}}",
                "saga.s3.endpoint",
                "{{env:SAGA_TEST_NOT_SET:}}"));

        HubProperties properties = HubProperties.read(hub.getPropertiesComponent(), "saga");

        assertThat(properties.values()).containsEntry("saga.s3.region", "eu-central-1");
        assertThat(properties.problems()).isEqualTo(List.of());
        assertThatThrownBy(hub::start).hasMessageContaining("no bucket: set saga.s3.endpoint");
    }

    private static CamelContext hub(Map<String, String> settings) throws Exception {
        Map<String, String> all = new HashMap<>(COMPLETE);
        all.putAll(settings);
        CamelContext hub = HubServers.context(all);
        hub.addRoutes(new StreamingSaga());
        return hub;
    }
}
