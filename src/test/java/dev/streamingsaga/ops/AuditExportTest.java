package dev.streamingsaga.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditAnchor;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

/** The audit log outside of its database: the operator's route, and the anchor in the data directory. */
@Tag("unit")
class AuditExportTest {
    private final DefaultCamelContext context = new DefaultCamelContext();
    private final List<String> received = new CopyOnWriteArrayList<>();
    private volatile long failing;

    private Path data;
    private SagaConfig config;
    private Databases.OpenDatabase database;
    private JdbcTemplate sql;
    private Journal journal;

    @BeforeEach
    void open(@TempDir Path directory) {
        data = directory;
        config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        database = Databases.open("journal", config.servers().journal(), data);
        sql = new JdbcTemplate(database.dataSource());
        journal = new Journal(database.dataSource(), Clock.systemUTC(), "one");
        context.start();
    }

    @AfterEach
    void close() {
        context.stop();
        database.close();
    }

    private void addRoute() throws Exception {
        context.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:saga-audit").process(exchange -> {
                    String line = exchange.getMessage().getBody(String.class);
                    if (line.startsWith("{\"sequence\":" + failing + ",")) {
                        throw new IllegalStateException("the target is away");
                    }
                    received.add(line);
                });
            }
        });
    }

    private void record(String document) {
        journal.audit().record(Actor.key("anna"), AuditAction.FETCH, document, null, Map.of("surface", "http"));
    }

    @Test
    void sends_each_entry_to_the_route_of_the_operator_and_again_after_a_failure() throws Exception {
        AuditExport export = new AuditExport(config, journal, context);
        record("d1");
        export.run();
        assertThat(received).as("there is no route").isEmpty();

        addRoute();
        record("d2");
        failing = 2;
        export.run();
        assertThat(received).hasSize(1);
        failing = 0;
        new AuditExport(config, new Journal(database.dataSource(), Clock.systemUTC(), "two"), context).run();
        export.run();

        assertThat(received).hasSize(2);
        JsonNode second = new ObjectMapper().readTree(received.get(1));
        assertThat(second.path("documentId").asText()).isEqualTo("d2");
        assertThat(second.path("actor").asText()).isEqualTo("anna");
        assertThat(second.path("hash").asText())
                .isEqualTo(journal.audit().newest().hash());
    }

    @Test
    void an_anchor_that_the_log_no_longer_contains_is_kept() throws Exception {
        AuditExport export = new AuditExport(config, journal, context);
        AuditAnchorFile file = new AuditAnchorFile(data);
        export.run();
        assertThat(file.read()).isEmpty();
        record("d1");
        export.run();
        assertThat(file.read()).contains(journal.audit().newest());
        record("d2");
        export.run();
        AuditAnchor anchor = journal.audit().newest();
        assertThat(file.read()).contains(anchor);

        sql.update("DELETE FROM audit_entry WHERE seq = 2");
        sql.update("UPDATE audit_head SET seq = 1, hash = (SELECT hash FROM audit_entry WHERE seq = 1)");
        record("d3");
        record("d4");
        export.run();

        assertThat(file.read()).contains(anchor);
        assertThat(journal.audit().check(List.of(anchor)).findings()).hasSize(1);
        Files.delete(file.file());
        export.run();
        assertThat(file.read()).contains(journal.audit().newest());
    }
}
