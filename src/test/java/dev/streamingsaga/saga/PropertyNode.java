package dev.streamingsaga.saga;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.LossyDatabase;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.outage.Patience;
import dev.streamingsaga.receipt.Receipts;
import dev.streamingsaga.source.SourceFile;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.saga.InMemorySagaService;

/** One process of several on one journal and the same stores: the real engine in a Camel context of its own. */
final class PropertyNode implements AutoCloseable {
    /** Of a saga in each of its steps. */
    static final Map<String, SagaState> STATES = Map.of(
            "validate",
            SagaState.RECEIVED,
            "start",
            SagaState.RECEIVED,
            "upload",
            SagaState.UPLOADING,
            "verify",
            SagaState.VERIFYING,
            "alpha",
            SagaState.PROCESSING,
            "beta",
            SagaState.PROCESSING,
            "finalize",
            SagaState.COMPLETING);

    private final SagaConfig config;
    final LossyDatabase database;
    final Journal journal;
    final Runs runs;
    final SagaEngine engine;
    private final DefaultCamelContext context = new DefaultCamelContext();

    PropertyNode(SagaConfig config, DataSource shared, HandClock clock, PropertyStores stores) throws Exception {
        this.config = config;
        database = new LossyDatabase(shared);
        journal = new Journal(database, clock, "node-" + System.identityHashCode(this));
        runs = new Runs(journal);
        context.disableJMX();
        ErrorGuard.addTo(context, config.name()); // as every instance does
        CallbackToken tokens = new CallbackToken("sixteen characters".getBytes(StandardCharsets.UTF_8));
        engine = new SagaEngine(
                config, context, new EngineDependencies(runs, tokens, new NoAlerts(), Patience.none(), Receipts.off()));
        // Only the routes of the callbacks are called here; their wish reaches the engine as the coordinator's does.
        InMemorySagaService coordinator = new InMemorySagaService();
        context.addService(coordinator);
        context.addRoutes(stores.routes(config, stepsWithData(config)));
        context.addRoutes(engine.routes(coordinator, exchange -> {}, exchange -> {}));
        context.addRoutes(new org.apache.camel.builder.RouteBuilder() {
            @Override
            public void configure() {
                for (String name : List.of("verify", "manifest")) {
                    from(config.direct(name)).routeId(config.id(name)).to("log:never");
                }
                stepsWithData(config)
                        .forEach(name -> from(config.direct("store-" + name))
                                .routeId(config.id("store-" + name))
                                .to("log:never"));
            }
        });
        context.start();
    }

    void removeRoute(String name) throws Exception {
        String id = config.id(name);
        context.getRouteController().stopRoute(id);
        context.removeRoute(id);
    }

    static List<String> stepsWithData(SagaConfig config) {
        return java.util.stream.Stream.concat(java.util.stream.Stream.of("upload"), config.participants().stream())
                .toList();
    }

    /** What the step {@code start} makes of a saga. */
    static Document document(SagaRecord saga) {
        return new Document(
                "d".repeat(32),
                saga.sagaId(),
                saga.source(),
                saga.fileName(),
                "text/plain",
                1,
                "a".repeat(64),
                0,
                10,
                "bucket",
                "saga/" + saga.sagaId() + "/",
                "o",
                "internal",
                "none",
                saga.receivedAt(),
                SourceFile.identity(saga.source()));
    }

    @Override
    public void close() {
        context.stop();
        engine.close();
    }

    /** Alerts are their own test's matter. */
    private static final class NoAlerts implements Alerts {
        @Override
        public List<EventDraft> residue(SagaRecord saga, List<CleanupEntry> open) {
            return List.of();
        }

        @Override
        public List<EventDraft> notDeleted(SagaRecord saga, List<CleanupEntry> open) {
            return List.of();
        }

        @Override
        public List<EventDraft> blocked(SagaRecord saga, List<CleanupEntry> givenUp) {
            return List.of();
        }

        @Override
        public List<EventDraft> crashed(SagaRecord saga, String step, String error) {
            return List.of();
        }

        @Override
        public List<EventDraft> notVisible(SagaRecord saga, String store, String error, int attempts) {
            return List.of();
        }

        @Override
        public List<EventDraft> sourceChanged(SagaRecord saga, String message, String action, boolean critical) {
            return List.of();
        }

        @Override
        public EventDraft sourceHostAway(SagaRecord saga, String host, Instant since) {
            throw new UnsupportedOperationException("no recovery runs here");
        }

        @Override
        public void deliver(String sagaId) {}

        @Override
        public void redeliver() {}
    }
}
