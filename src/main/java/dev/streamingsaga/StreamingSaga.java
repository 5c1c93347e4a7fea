package dev.streamingsaga;

import dev.streamingsaga.api.ApiParts;
import dev.streamingsaga.api.ApiRoutes;
import dev.streamingsaga.chunk.ChunkRoutes;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.Content;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.dropfolder.DropFolderRoutes;
import dev.streamingsaga.dropfolder.DropParts;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.jms.JmsParts;
import dev.streamingsaga.jms.JmsRoutes;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.lra.CallbackListener;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.lra.JournalSagaService;
import dev.streamingsaga.lra.LraScope;
import dev.streamingsaga.lra.LraSettings;
import dev.streamingsaga.ops.Reports;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Holdings;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.store.Stores;
import dev.streamingsaga.store.VectorSearch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.RoutesBuilder;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The bundle: adds its routes to a Camel context and owns what they need. {@code direct:<name>-ingest} is the way in, with the
 * path of a file as body and an {@link IngestResult} as answer.
 *
 * <p>To be used as: construct, {@code context.addRoutes(bundle)}, start the context, {@link #start}, and after the context has
 * stopped {@link #close}.
 */
public final class StreamingSaga implements RoutesBuilder, AutoCloseable {
    private final SagaConfig config;
    private final Servers servers;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private @Nullable Parts parts;

    /**
     * The servers that the configuration leaves open, embedded ones most often.
     *
     * @param coordinator whose LRAs are ours
     * @param s3 stays the caller's to close
     * @param exclusive this process holds the lock on the journal: unfinished sagas of other processes are taken over at once
     */
    public record Servers(LraScope coordinator, S3Client s3, boolean exclusive) {}

    private record Parts(Journal journal, Runs runs, Content content, Stores stores, SagaEngine engine, Ingest ingest, Recovery recovery,
            CallbackListener callbacks, ProducerTemplate template, Databases.Opened journalDatabase, Orphans orphans, DocumentCheck check, Reports reports) {}

    public StreamingSaga(SagaConfig config, Servers servers) {
        this.config = config;
        this.servers = servers;
    }

    @Override
    public void addRoutesToCamelContext(CamelContext context) throws Exception {
        try {
            addParts(context);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /** Routes are only ever added: an instance is closed and built anew instead. */
    @Override
    public Set<String> updateRoutesToCamelContext(CamelContext context) throws Exception {
        addRoutesToCamelContext(context);
        return Set.of();
    }

    /** The bundle has no route templates. */
    @Override
    public void addTemplatedRoutesToCamelContext(CamelContext context) {}

    private void addParts(CamelContext context) throws Exception {
        Databases.Opened database = opened(Databases.open("journal", config.journal(), config.dataDir()));
        Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), node(), config.recovery().lease());
        Runs runs = new Runs(journal);
        Content content = opened(Content.create(config.content(), config.embedding(), config.dataDir().resolve("spool")));
        Stores stores = opened(Stores.open(config, context, content));
        Reports reports = new Reports(config, journal, context);
        CallbackToken tokens = CallbackToken.open(config.dataDir(), config.callback().secret());
        SagaEngine engine = opened(new SagaEngine(config, context, runs, journal, tokens, reports));
        CallbackListener callbacks =
                opened(CallbackListener.start(config.callback(), config.dataDir(), servers.coordinator(), engine));
        JournalSagaService service = new JournalSagaService(LraSettings.of(config, servers.coordinator(), callbacks.uri()));
        open.push(service::release);
        service.setCamelContext(context);
        Ingest ingest = new Ingest(config, journal, runs, content, engine);
        Recovery recovery = opened(new Recovery(config, context, journal, runs, engine, service));
        context.addRoutes(new ChunkRoutes(config, servers.s3(), journal::epoch));
        context.addRoutes(engine.routes(service, ingest::validate, ingest::start));
        context.addRoutes(ingest.routes());
        Holdings holdings = new Holdings(config, context, journal, servers.s3(), content);
        parts = new Parts(journal, runs, content, stores, engine, ingest, recovery, callbacks, context.createProducerTemplate(), database,
                opened(new Orphans(holdings)), opened(new DocumentCheck(holdings)), reports);
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    private static String node() {
        return ProcessHandle.current().pid() + "-" + dev.streamingsaga.journal.Ids.next();
    }

    /** After the context has started: checks that every participant has its routes and that the coordinator's calls reach us. */
    public void check() {
        parts().engine().requireRoutes();
        parts().callbacks().selfCheck();
    }

    /** Checks, then takes up what a dead process left and looks after sagas from now on. */
    public void start() {
        check();
        // A process that died between an outcome and its reports has journaled what they must say.
        parts().reports().rewrite();
        parts().recovery().start(servers.exclusive());
    }

    /** Runs one saga and waits for its outcome. */
    public IngestResult ingest(Path file) {
        return parts().template().requestBody(config.direct("ingest"), file, IngestResult.class);
    }

    /**
     * The HTTP API and the page, for the HTTP server that the context's {@code platform-http} component finds: to be added to the context
     * with {@code addRoutes}, and closed before it stops. Never added unless asked for.
     *
     * @throws IOException if the spool folder cannot be made
     */
    public ApiRoutes http(CamelContext context) throws IOException {
        Parts p = parts();
        return new ApiRoutes(context, new ApiParts(config, p.journal(), p.runs(), p.ingest(), p.engine(), new ChunkStore(config, servers.s3()),
                p.stores().search()));
    }

    /**
     * The drop folder {@code saga.drop.dir}: to be added with {@code addRoutes} after {@link #start}. Never added unless asked for.
     *
     * @throws IllegalStateException if {@code saga.drop.dir} is not set
     * @throws IOException if the folder can't be made
     */
    public DropFolderRoutes dropFolder(CamelContext context) throws IOException {
        return new DropFolderRoutes(context, new DropParts(config, parts().journal(), parts().ingest()));
    }

    /**
     * Documents as messages: to be added with {@code addRoutes} after {@link #start}. Never added unless asked for.
     *
     * @throws IllegalStateException if the registry has no connection factory {@code <name>-jms-connections}, nor just one of any name
     * @throws IOException if the spool folder cannot be made
     */
    public JmsRoutes jms(CamelContext context) throws IOException {
        return new JmsRoutes(context, new JmsParts(config, parts().journal(), parts().ingest()));
    }

    public Journal journal() {
        return parts().journal();
    }

    public Runs runs() {
        return parts().runs();
    }

    public Ingest ingest() {
        return parts().ingest();
    }

    public SagaEngine engine() {
        return parts().engine();
    }

    public Recovery recovery() {
        return parts().recovery();
    }

    /** Stored data that no saga in the journal owns. */
    public Orphans orphans() {
        return parts().orphans();
    }

    /** Compares completed documents with the journal, and repairs them. */
    public DocumentCheck documentCheck() {
        return parts().check();
    }

    /** Empty if the vector store is no participant. */
    public Optional<VectorSearch> search() {
        return parts().stores().search();
    }

    private Parts parts() {
        Parts added = parts;
        if (added == null) {
            throw new IllegalStateException("the bundle was not added to a Camel context yet: context.addRoutes(bundle)");
        }
        return added;
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                org.slf4j.LoggerFactory.getLogger(StreamingSaga.class).warn("closing a part failed: {}", e.toString());
            }
        }
    }
}
