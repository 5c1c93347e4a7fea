package dev.streamingsaga.embedded;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.content.TextContent;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.dropfolder.CompletedOriginals;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.recovery.StorageAccess;
import dev.streamingsaga.store.Stores;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Read access to journal, bucket and stores while another process uses them: no lock, no coordinator, no saga. Loads
 * only the participants' {@code store-NAME.camel.yaml} from the routes folder.
 */
public final class Inspection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Inspection.class);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final StorageAccess storage;

    private Inspection(SagaConfig config) throws Exception {
        try {
            Databases.OpenDatabase database = opened(Databases.open("journal", config.journal(), config.dataDir()));
            Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), "inspection");
            BucketConnection buckets = opened(BucketConnection.openReadOnly(config));
            TextContent content = opened(TextContent.create(
                    config.content(), config.embedding(), config.dataDir().resolve("spool")));
            CamelContext context = opened(new DefaultCamelContext());
            opened(Stores.open(config, context, content));
            Application.loadStores(context, config);
            context.start();
            open.push(context::stop);
            storage = new StorageAccess(
                    config,
                    context,
                    journal,
                    buckets.client(),
                    content,
                    document -> CompletedOriginals.of(config, document));
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /** @throws UnavailableException if a database or the embedded S3 server cannot be opened, or there is no journal */
    public static Inspection open(SagaConfig config) {
        Path journal = config.dataDir().resolve("journal.db");
        if (config.journal().url().isEmpty() && !Files.exists(journal)) {
            throw new UnavailableException(
                    "there is no journal in " + config.dataDir() + "; ingest a file first, or specify another --data",
                    null);
        }
        try {
            return new Inspection(config);
        } catch (Exception e) {
            throw new UnavailableException("cannot open journal, bucket and stores: " + e.getMessage(), e);
        }
    }

    private <T extends AutoCloseable> T opened(T component) {
        open.push(component);
        return component;
    }

    public Journal journal() {
        return storage.journal();
    }

    /** For listing only. */
    public Orphans orphans() {
        return opened(new Orphans(storage));
    }

    /** For checking only. */
    public DocumentCheck documentCheck() {
        return opened(new DocumentCheck(storage));
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LOG.warn("cannot close a component: {}", e.toString());
            }
        }
    }
}
