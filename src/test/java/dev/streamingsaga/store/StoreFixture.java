package dev.streamingsaga.store;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import javax.sql.DataSource;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.springframework.jdbc.core.JdbcTemplate;

/** The stores in a Camel context of their own, called as the saga's routes call them. */
final class StoreFixture implements AutoCloseable {
    final PlainContent content;
    final Stores stores;
    final SagaConfig config;
    private final Path folder;
    private final DefaultCamelContext context = new DefaultCamelContext();

    StoreFixture(Path folder, Map<String, String> settings, Embedder embedder) throws Exception {
        this.folder = folder;
        Map<String, String> all = new HashMap<>(settings);
        all.put("saga.data.dir", folder.resolve("data").toString());
        config = Settings.parse(all);
        MigratedDatabases.copyTo(config);
        content = new PlainContent(embedder);
        stores = Stores.open(
                config,
                context,
                content,
                run -> DocumentSource.of(run.document().path()));
        context.start();
    }

    static StoreFixture open(Path folder, Map<String, String> settings, Embedder embedder) {
        try {
            return new StoreFixture(folder, settings, embedder);
        } catch (Exception e) {
            throw new AssertionError("the stores do not open", e);
        }
    }

    Document document(String sagaId, String documentId, String text) {
        return document(sagaId, documentId, text, new SecurityLabel("owner", "internal"));
    }

    Document document(String sagaId, String documentId, String text, SecurityLabel label) {
        try {
            Path file = Files.writeString(folder.resolve(sagaId + ".txt"), text);
            return new Document(
                    documentId,
                    sagaId,
                    file,
                    "Bericht ü.txt",
                    "text/plain",
                    Files.size(file),
                    "a".repeat(64),
                    1,
                    8 << 20,
                    "bucket",
                    "saga/" + documentId + "/" + sagaId + "/",
                    label.owner(),
                    label.classification(),
                    "none",
                    Instant.parse("2026-11-22T10:00:00Z"),
                    new SourceIdentity("", Files.size(file), 0, 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void write(String store, Document document) {
        write(store, new OpenRun(document, 1, Integer.MAX_VALUE));
    }

    void write(String store, Run run) {
        send(config.direct("store-" + store), run.document().facts(), run);
    }

    void writeAndComplete(String store, Document document) {
        write(store, document);
        complete(store, document.sagaId());
    }

    void complete(String store, String sagaId) {
        send(config.direct("store-" + store + "-complete"), ids(sagaId), null);
    }

    void hide(String store, String sagaId) {
        send(config.direct("store-" + store + "-hide"), ids(sagaId), null);
    }

    void compensate(String store, String sagaId) {
        send(config.direct("store-" + store + "-compensate"), ids(sagaId), null);
    }

    long count(String store, String sagaId) {
        return send(config.direct("store-" + store + "-count"), ids(sagaId), null)
                .getMessage()
                .getBody(Number.class)
                .longValue();
    }

    Exchange send(String endpoint, Object body, Run run) {
        Exchange done = context.createProducerTemplate().send(endpoint, exchange -> {
            exchange.getMessage().setBody(body);
            if (run != null) {
                exchange.setProperty(ExchangeKeys.RUN, run);
            }
        });
        if (done.getException() instanceof RuntimeException e) {
            throw e;
        }
        if (done.getException() != null) {
            throw new AssertionError(done.getException());
        }
        return done;
    }

    void sendWithHeader(String store, String suffix, String header, String value) {
        context.createProducerTemplate()
                .requestBodyAndHeader(config.direct("store-" + store + suffix), ids("saga-1"), header, value);
    }

    private static Map<String, Object> ids(String sagaId) {
        return Map.of("sagaId", sagaId, "documentId", "any");
    }

    /** The database of a store, bypassing the routes. */
    JdbcTemplate sql(String store) {
        return new JdbcTemplate((DataSource) context.getRegistry().lookupByName(config.id(store + "-db")));
    }

    StoreDatabase database(String store) {
        return new StoreDatabase(
                config,
                store,
                new Databases.OpenDatabase(
                        Objects.requireNonNull(sql(store).getDataSource()), dialect(store), () -> {}));
    }

    Databases.Dialect dialect(String store) {
        return Databases.Dialect.of(config.servers().store(store).url().orElse(""));
    }

    long ask(String store, String query, Object... arguments) {
        Number answer = sql(store).queryForObject(query, Number.class, arguments);
        return answer == null ? -1 : answer.longValue();
    }

    @Override
    public void close() {
        context.stop();
        stores.close();
    }
}
