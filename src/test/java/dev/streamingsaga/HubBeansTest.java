package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.HubServers;
import dev.streamingsaga.testkit.PostgresServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.service.lra.LRASagaService;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import org.sqlite.SQLiteDataSource;
import software.amazon.awssdk.services.s3.S3Client;

/** Uses the hub's beans, with a real PostgreSQL that already has tables with the instance's table names. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class HubBeansTest {
    private PostgresServer postgres;
    private HubServers servers;
    private HikariDataSource pool;
    private S3Client client;
    private CamelContext hub;
    private Path directory;

    @BeforeAll
    void server() {
        postgres = PostgresServer.installed();
    }

    @AfterAll
    void stopServer() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
    }

    @BeforeEach
    void start(@TempDir Path temporary) {
        directory = temporary;
        servers = new HubServers(directory);
        postgres.empty();
        pool = new HikariDataSource();
        pool.setJdbcUrl(postgres.url());
        pool.setMaximumPoolSize(6);
        client = servers.client();
        new JdbcTemplate(pool).execute("drop schema if exists streaming_saga cascade");
        new JdbcTemplate(pool)
                .execute("create table event (hub text); insert into event values ('the hub''s own');"
                        + " create table saga (tale text)");
        Map<String, String> properties = servers.common("saga");
        properties.put("saga.participants", "security");
        hub = HubServers.context(properties);
    }

    @AfterEach
    void stop() {
        hub.stop();
        client.close();
        pool.close();
        servers.close();
    }

    @Test
    void uses_the_only_data_source_and_client_and_does_not_touch_the_hubs_tables() throws Exception {
        hub.getRegistry().bind("ours", DataSource.class, pool);
        hub.getRegistry().bind("bucket", S3Client.class, client);
        hub.addRoutes(new StreamingSaga());
        hub.start();

        IngestResult result = ingest("saga", servers.text("a.txt", 10));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(count("select count(*) from streaming_saga.security_document where visible = 1"))
                .isOne();
        assertThat(count("select count(*) from streaming_saga.saga where state = 'COMPLETED'"))
                .isOne();
        assertThat(tables("public")).containsExactly("event", "saga");
        assertThat(count("select count(*) from event")).isOne();
        assertThat(count("select count(*) from saga")).isZero();
        hub.stop();
        assertThat(pool.isClosed()).isFalse();
        assertThat(client.headBucket(r -> r.bucket("streaming-saga"))
                        .sdkHttpResponse()
                        .isSuccessful())
                .as("the hub closes its client")
                .isTrue();
    }

    @Test
    void returns_every_connection_to_the_pool_in_its_original_state() throws Exception {
        pool.close();
        pool = new HikariDataSource();
        pool.setJdbcUrl(postgres.url());
        pool.setMaximumPoolSize(3);
        pool.setAutoCommit(false);
        uses_the_only_data_source_and_client_and_does_not_touch_the_hubs_tables();

        for (int i = 0; i < 10; i++) {
            try (var connection = pool.getConnection();
                    var row = connection.createStatement().executeQuery("show search_path")) {
                row.next();
                assertThat(row.getString(1)).isEqualTo("\"$user\", public");
                assertThat(connection.getAutoCommit()).isFalse();
            }
        }
    }

    @Test
    void prefers_a_named_bean_to_several_others() throws Exception {
        hub.getRegistry().bind("one", DataSource.class, new SQLiteDataSource());
        hub.getRegistry().bind("two", DataSource.class, new SQLiteDataSource());
        hub.getRegistry().bind("bucket", S3Client.class, client);
        hub.addRoutes(new StreamingSaga());
        assertThatThrownBy(hub::start).hasMessageContaining("as sagaDataSource: the registry has several (one, two)");

        hub.getRegistry().bind("one", DataSource.class, new SQLiteDataSource());
        hub.getRegistry().bind("sagaDataSource", DataSource.class, pool);
        hub.getRegistry().bind("bucket", S3Client.class, client);
        hub.start();

        assertThat(ingest("saga", servers.text("a.txt", 10)).status()).isEqualTo("COMPLETED");
    }

    @Test
    void rejects_a_data_source_that_is_not_postgresql() throws Exception {
        SQLiteDataSource sqlite = new SQLiteDataSource();
        sqlite.setUrl("jdbc:sqlite:" + directory.resolve("hub.db"));
        hub.getRegistry().bind("ours", DataSource.class, sqlite);
        hub.getRegistry().bind("bucket", S3Client.class, client);
        hub.addRoutes(new StreamingSaga());

        assertThatThrownBy(hub::start)
                .hasMessageContainingAll(
                        "it is SQLite, and only PostgreSQL can be shared",
                        "or set saga.journal.url, saga.store.security.url");
    }

    @Test
    void uses_the_coordinator_of_the_hubs_saga_service() throws Exception {
        Map<String, String> properties = servers.properties("saga");
        // Without a REST consumer in the hub, the service cannot add its own routes; only its coordinator's address is
        // used.
        LRASagaService service = new LRASagaService() {
            @Override
            public void setCamelContext(CamelContext context) {}
        };
        String[] url = properties.remove("saga.coordinator.url").split("(?<=\\d)/");
        service.setCoordinatorUrl(url[0]);
        service.setCoordinatorContextPath("/" + url[1]);
        service.setLocalParticipantUrl("http://127.0.0.1:1");
        hub = HubServers.context(properties);
        hub.getRegistry().bind("hubs-service", service);
        hub.addRoutes(new StreamingSaga());
        hub.start();

        assertThat(ingest("saga", servers.text("a.txt", 10)).status()).isEqualTo("COMPLETED");
    }

    /** The journal keeps its records even if the caller's transaction rolls back. */
    @Test
    void does_not_join_or_affect_a_transaction_of_the_hub() throws Exception {
        hub.getRegistry().bind("ours", DataSource.class, pool);
        hub.getRegistry().bind("bucket", S3Client.class, client);
        hub.addRoutes(new StreamingSaga());
        hub.start();
        Path file = servers.text("a.txt", 10);
        JdbcTemplate sql = new JdbcTemplate(pool);

        IngestResult result = new TransactionTemplate(new DataSourceTransactionManager(pool)).execute(status -> {
            sql.update("insert into saga values ('once upon a time')");
            IngestResult inside = ingest("saga", file);
            assertThat(sql.queryForObject("select count(*) from saga", Long.class))
                    .isOne();
            status.setRollbackOnly();
            return inside;
        });

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(count("select count(*) from saga")).isZero();
        assertThat(count("select count(*) from streaming_saga.saga where state = 'COMPLETED'"))
                .isOne();
    }

    private IngestResult ingest(String name, Path file) {
        ProducerTemplate template = hub.createProducerTemplate();
        try {
            return template.requestBody("direct:" + name + "-ingest", file, IngestResult.class);
        } finally {
            template.stop();
        }
    }

    private long count(String query) {
        return new JdbcTemplate(pool).queryForObject(query, Long.class);
    }

    private List<String> tables(String schema) {
        return new JdbcTemplate(pool)
                .queryForList(
                        "select table_name from information_schema.tables where table_schema = ? order by 1",
                        String.class,
                        schema);
    }
}
