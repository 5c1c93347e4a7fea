package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.journal.ExchangeKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped example that operators copy, routes/store-audit.camel.yaml. */
@Tag("unit")
class AuditExampleTest {
    private static final Map<String, Object> FACTS = Map.of(
            "sagaId",
            "saga-1",
            "documentId",
            "doc-1",
            "fileName",
            "a ü.pdf",
            "sizeBytes",
            7L,
            "sha256",
            "a".repeat(64),
            "owner",
            "o",
            "classification",
            "internal");

    private final DefaultCamelContext context = new DefaultCamelContext();

    @TempDir
    Path data;

    @BeforeEach
    void start() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("saga.name", "hub");
        properties.setProperty("saga.data.dir", data.toString());
        context.getPropertiesComponent().setInitialProperties(properties);
        PluginHelper.getRoutesLoader(context)
                .loadRoutes(ResourceHelper.resolveResource(context, "file:routes/store-audit.camel.yaml"));
        context.start();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    private Object call(String suffix, Object body) {
        return context.createProducerTemplate().requestBody("direct:hub-store-audit" + suffix, body);
    }

    private long ask(String query) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("audit.db"));
                var rows = connection.createStatement().executeQuery(query)) {
            return rows.getLong(1);
        }
    }

    @Test
    void creates_no_file_unless_it_is_a_participant() {
        assertThat(Files.exists(data.resolve("audit.db"))).isFalse();
    }

    @Test
    void fulfils_the_contract_of_a_store() throws Exception {
        call("", FACTS);
        Exchange written = context.createProducerTemplate()
                .request(
                        "direct:hub-store-audit",
                        exchange -> exchange.getMessage().setBody(FACTS));
        assertThat(call("-count", FACTS)).isEqualTo(1);
        assertThat(written.getMessage().getHeader(ExchangeKeys.EXPECTED, Integer.class))
                .as("the expected count")
                .isEqualTo(1);
        assertThat(ask("select count(*) from audit where completed is null and file_name = 'a ü.pdf'"))
                .isEqualTo(1);

        call("-complete", FACTS);
        call("-complete", FACTS);
        assertThat(ask("select count(*) from audit where completed like '20%Z' and written like '20%Z'"))
                .isEqualTo(1);

        call("-compensate", Map.of("sagaId", "saga-2", "documentId", "doc-1"));
        assertThat(ask("select count(*) from audit"))
                .as("another saga's compensation")
                .isEqualTo(1);
        call("-compensate", Map.of("sagaId", "saga-1", "documentId", "doc-1"));
        assertThat(call("-count", FACTS)).isEqualTo(0);
        assertThat(ask("select count(*) from audit")).isZero();
    }

    @Test
    void propagates_a_failure_to_the_saga() {
        assertThatThrownBy(() -> call("", Map.of("sagaId", "saga-1"))).isInstanceOf(CamelExecutionException.class);
    }
}
