package dev.streamingsaga.embedded;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.VerifiedSources;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.content.TextContent;
import dev.streamingsaga.dropfolder.CompletedOriginals;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.extraction.Isolations;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.operations.StorageConnections;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.recovery.StorageAccess;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.store.Stores;
import dev.streamingsaga.store.VectorSearch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Read access to bucket and stores, each opened when it is first used. Loads only the participants'
 * {@code store-NAME.camel.yaml} from the routes folder. Not thread-safe.
 */
final class InspectedStorage implements StorageConnections, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InspectedStorage.class);

    private final SagaConfig config;
    private final Journal journal;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Optional<BucketConnection> connection = Optional.empty();
    private Optional<OpenStores> openStores = Optional.empty();
    private Optional<Checks> checks = Optional.empty();
    private Optional<Sealing> openSealing = Optional.empty();

    InspectedStorage(SagaConfig config, Journal journal) {
        this.config = config;
        this.journal = journal;
    }

    private record OpenStores(CamelContext context, TextContent content, Stores stores) {}

    private record Checks(Orphans orphans, DocumentCheck documents) {}

    private <T extends AutoCloseable> T opened(T component) {
        open.push(component);
        return component;
    }

    private BucketConnection connection() {
        if (connection.isEmpty()) {
            connection = Optional.of(opened(BucketConnection.openReadOnly(config)));
        }
        return connection.get();
    }

    private Sealing sealing() {
        if (openSealing.isEmpty()) {
            Optional<DocumentEncryption> encryption =
                    DocumentEncryption.open(config.servers().encryption(), journal);
            encryption.ifPresent(this::opened);
            openSealing = Optional.of(
                    Sealing.open(config.documents().chunk().storedAs(), encryption.map(DocumentEncryption::keys)));
        }
        return openSealing.get();
    }

    /** Search needs no routes: their context is not started yet. */
    private OpenStores openStores() {
        if (openStores.isEmpty()) {
            TextContent content = opened(TextContent.create(
                    config.documents().content(),
                    config.servers().embedding(),
                    config.dataDir().resolve("spool"),
                    Isolations.open(config, true)));
            CamelContext context = opened(new DefaultCamelContext());
            openStores = Optional.of(
                    new OpenStores(context, content, opened(Stores.open(config, context, content, this::source))));
        }
        return openStores.get();
    }

    private DocumentSource source(Run run) {
        return new VerifiedSources(config, connection().client(), sealing()).of(run);
    }

    /** Opens what is not open yet. */
    void open() throws Exception {
        if (checks.isPresent()) {
            return;
        }
        BucketConnection bucket = connection();
        OpenStores stores = openStores();
        Application.loadStores(stores.context(), config);
        stores.context().start();
        open.push(stores.context()::stop);
        StorageAccess access = new StorageAccess(
                config,
                stores.context(),
                journal,
                bucket.client(),
                sealing(),
                stores.content(),
                document -> CompletedOriginals.of(config, document));
        checks = Optional.of(new Checks(opened(new Orphans(access)), opened(new DocumentCheck(access))));
    }

    private Checks checks() {
        try {
            open();
        } catch (Exception e) {
            throw new UnavailableException("cannot open bucket and stores: " + e.getMessage(), e);
        }
        return checks.orElseThrow();
    }

    @Override
    public ChunkStore bucket() {
        return new ChunkStore(config, connection().client(), sealing());
    }

    @Override
    public Optional<VectorSearch> search() {
        return openStores().stores().search();
    }

    /** For listing only. */
    @Override
    public Orphans orphans() {
        return checks().orphans();
    }

    /** For checking only. */
    @Override
    public DocumentCheck documentCheck() {
        return checks().documents();
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
