package dev.streamingsaga.store;

import dev.streamingsaga.config.DocumentConfig.OnFailure;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.database.DatabaseSource;
import dev.streamingsaga.database.Neo4jDatabase;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.source.DocumentSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The built-in stores that are participants of an instance: their databases, bound in the registry as
 * {@code <name>-<store>-db} unless they are Neo4j, and their routes. Close it after the Camel context has stopped.
 */
public final class Stores implements AutoCloseable {
    private final CamelContext context;
    private final ProducerTemplate batches;
    private final Map<String, StoreDatabase> open = new LinkedHashMap<>();
    private final Map<String, Runnable> checks = new LinkedHashMap<>();
    private final Deque<Runnable> closing = new ArrayDeque<>();
    private final OutlineCache outlines;
    private final DocumentContent content;
    private @Nullable VectorIndexing indexing;
    private @Nullable DocumentGraph graph;

    private Stores(
            CamelContext context, DocumentContent content, Function<Run, DocumentSource> sources, OnFailure onFailure) {
        this.context = context;
        this.content = content;
        this.batches = context.createProducerTemplate();
        this.outlines = new OutlineCache(content, sources, onFailure);
    }

    /**
     * Opens and migrates the databases of the built-in participants and adds their routes to the context, started or
     * not.
     *
     * @param sources opens the document of a run, whose text is read
     * @throws IllegalStateException if a database can't be opened or its routes can't be added; nothing stays open then
     */
    public static Stores open(
            SagaConfig config, CamelContext context, DocumentContent content, Function<Run, DocumentSource> sources) {
        return open(config, context, content, sources, DatabaseSource.configured(config));
    }

    /** As above, with databases from another source. */
    public static Stores open(
            SagaConfig config,
            CamelContext context,
            DocumentContent content,
            Function<Run, DocumentSource> sources,
            DatabaseSource databases) {
        Stores stores = new Stores(
                context, content, sources, config.documents().content().onFailure());
        try {
            for (String store : StoreNames.BUILT_IN) {
                if (config.participants().contains(store)) {
                    stores.add(config, store, databases);
                }
            }
            return stores;
        } catch (Exception e) {
            stores.close();
            throw new IllegalStateException(
                    "cannot open the stores of instance " + config.name() + ": " + e.getMessage()
                            + "; nothing was started",
                    e);
        }
    }

    /**
     * Creates missing vector indexes in the background, until {@link #close}: in PostgreSQL those of
     * {@code saga.vector.index}, also for models that are used later, in SQLite the sketches. A failure is only logged:
     * searches are correct without them.
     */
    public void startVectorIndexes() {
        Optional.ofNullable(open.get(StoreNames.VECTOR))
                .ifPresent(database -> indexing = VectorIndexing.start(database, content, new DocumentRecords(open)));
    }

    /** Search over the completed documents; empty unless the vector store is a participant. */
    public Optional<VectorSearch> search() {
        return Optional.ofNullable(open.get(StoreNames.VECTOR)).map(database -> HybridSearch.over(database, content));
    }

    /** Queries on the structure of completed documents; empty unless the graph store is a participant. */
    public Optional<DocumentGraph> graph() {
        return Optional.ofNullable(graph);
    }

    /** For each built-in store, a health check that throws if its database does not answer. */
    public Map<String, Runnable> checks() {
        return new LinkedHashMap<>(checks);
    }

    private void add(SagaConfig config, String store, DatabaseSource databases) throws Exception {
        if (config.servers().store(store).isNeo4j()) {
            addGraphInNeo4j(config);
        } else {
            addTables(new StoreDatabase(config, store, databases.open(store)));
        }
    }

    private void addTables(StoreDatabase database) throws Exception {
        open.put(database.store(), database);
        closing.push(() -> {
            context.getRegistry().unbind(database.bean());
            database.opened().close();
        });
        checks.put(database.store(), () -> database.queries().queryForObject("SELECT 1", Integer.class));
        context.getRegistry().bind(database.bean(), database.opened().dataSource());
        if (database.store().equals(StoreNames.GRAPH)) {
            graph = new SqlDocumentGraph(database);
        }
        context.addRoutes(routes(database));
    }

    private void addGraphInNeo4j(SagaConfig config) throws Exception {
        Neo4jDatabase database;
        try {
            database = Neo4jDatabase.open(StoreNames.GRAPH, config.servers().store(StoreNames.GRAPH));
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "saga.store.graph.url is the URL of a Neo4j server, but its driver is not on the class path: add"
                            + " org.neo4j.driver:neo4j-java-driver",
                    e);
        }
        closing.push(database::close);
        checks.put(StoreNames.GRAPH, database::ping);
        graph = new Neo4jDocumentGraph(database);
        StoreRouteIds ids = new StoreRouteIds(config, StoreNames.GRAPH);
        context.addRoutes(new Neo4jGraphRoutes(ids, new Neo4jGraph(database), new GraphWriter(ids, outlines, batches)));
    }

    private RouteBuilder routes(StoreDatabase database) {
        return switch (database.store()) {
            case StoreNames.SECURITY -> new SecurityStoreRoutes(database);
            case StoreNames.VECTOR ->
                new VectorStoreRoutes(database, new SegmentWriter(database, content, outlines, batches));
            case StoreNames.GRAPH -> new GraphStoreRoutes(database, new GraphWriter(database.ids(), outlines, batches));
            case StoreNames.RELATIONAL -> new RelationalStoreRoutes(database, outlines);
            default -> throw new IllegalArgumentException(database.store() + " is not a built-in store");
        };
    }

    @Override
    public void close() {
        if (indexing != null) {
            indexing.close();
        }
        batches.stop();
        open.clear();
        while (!closing.isEmpty()) {
            closing.pop().run();
        }
    }
}
