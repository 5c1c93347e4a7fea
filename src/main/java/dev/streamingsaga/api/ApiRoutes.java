package dev.streamingsaga.api;

import static dev.streamingsaga.api.Operation.get;
import static dev.streamingsaga.api.Operation.post;
import static dev.streamingsaga.api.Operation.put;
import static java.util.stream.Collectors.joining;

import dev.streamingsaga.config.EndpointConfig;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.EndpointConfig.HttpAuth;
import dev.streamingsaga.intake.UploadSpool;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.apache.camel.builder.RouteBuilder;

/**
 * The routes of the HTTP API, one for each operation, and of the files of the page, on the {@code platform-http} server
 * of the context, below {@code saga.http.path}. Below {@code /api} and {@code /observe} they answer every path, errors
 * as {@code application/problem+json}. They do not use the Rest DSL: a {@code restConfiguration} of the hub would
 * apply to them.
 */
public final class ApiRoutes extends RouteBuilder implements AutoCloseable {
    private static final long SWEEP_SECONDS = 30;
    private static final String LAST_API = "http-unknown";
    private static final String LAST_OBSERVE = "http-observe-unknown";
    private static final Set<Scope> INGEST = EnumSet.of(Scope.INGEST);
    private static final Set<Scope> READ = EnumSet.of(Scope.READ);
    private static final Set<Scope> INGEST_OR_READ = EnumSet.of(Scope.INGEST, Scope.READ);
    private static final Set<Scope> READ_OR_OPERATE = EnumSet.of(Scope.READ, Scope.OPERATE);
    private static final Set<Scope> OPERATE = EnumSet.of(Scope.OPERATE);
    private static final Set<Scope> OPEN = EnumSet.noneOf(Scope.class);

    private final SagaConfig config;
    private final IngestOperations ingestion;
    private final UploadOperations uploads;
    private final DocumentOperations documents;
    private final ReceiptOperations receipts;
    private final DeletionOperations deletions;
    private final SagaOperations sagas;
    private final BulkOperations bulk;
    private final Statistics statistics;
    private final EventFeed events;
    private final DrainOperations drain;
    private final KeyOperations keys;
    private final LegalHoldOperations legalHolds;
    private final RetentionOperations retention;
    private final AuditOperations audit;
    private final ObserveOperations observe;
    private final Operations operations;
    private final Responder responder;
    private final LastRoutes lastRoutes;
    private final ScheduledExecutorService timer;

    /**
     * @throws dev.streamingsaga.config.ConfigException if the keys file is invalid
     * @throws IOException if the spool folder cannot be created
     */
    public ApiRoutes(CamelContext context, ApiDependencies parts) throws IOException {
        super(context);
        this.config = parts.config();
        HttpAuth auth = config.endpoints().http().auth();
        AccessControl gate = new AccessControl(auth.keysFile().map(ApiKeys::open),
                auth.oidcIssuer().map(issuer -> new OidcTokens(auth)));
        UploadSpool spool = parts.spool();
        spool.open();
        SagaViews views = new SagaViews(parts);
        Totals totals = new Totals(parts.operator());
        IngestDispatcher dispatcher = new IngestDispatcher(config, context);
        UploadSlots slots = new UploadSlots(config.endpoints().http().limits().uploads());
        this.ingestion = new IngestOperations(parts, dispatcher, slots);
        this.uploads = new UploadOperations(config, parts.uploads().resumable(),
                new UploadRequests(config, parts.uploads().resumable(), slots, dispatcher),
                ingestion.labels(), ingestion::requireAvailable);
        this.deletions = new DeletionOperations(parts);
        this.documents = new DocumentOperations(parts, deletions);
        this.receipts = new ReceiptOperations(parts, deletions);
        this.sagas = new SagaOperations(parts, views, totals);
        this.bulk = new BulkOperations(parts);
        this.statistics = new Statistics(parts);
        this.events = new EventFeed(parts, views, totals);
        this.drain = new DrainOperations(parts.operator());
        this.keys = new KeyOperations(parts.operator());
        this.legalHolds = new LegalHoldOperations(parts.operator());
        this.retention = new RetentionOperations(parts.operator());
        this.audit = new AuditOperations(parts.operator());
        this.observe = new ObserveOperations(parts.observation(), gate);
        this.operations = new Operations(this::isStarted);
        this.responder = new Responder(config, gate, operations);
        this.lastRoutes = new LastRoutes(List.of(config.id(LAST_API), config.id(LAST_OBSERVE)));
        this.timer = context.getExecutorServiceManager().newScheduledThreadPool(this, config.id("http-timer"), 2);
        timer.scheduleWithFixedDelay(events::tick, EventFeed.TICK_MILLIS, EventFeed.TICK_MILLIS, TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(spool::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    /** Number of threads that long requests may hold; the server's pool needs them in addition to the usual ones. */
    public static int threads(SagaConfig config) {
        EndpointConfig.HttpLimits limits = config.endpoints().http().limits();
        return limits.uploads() + limits.sagas() + limits.downloads() + limits.listeners();
    }

    @Override
    public void configure() {
        getContext().getRegistry().bind(config.id("http-headers"), new ApiHeaderFilter());
        errorHandler(noErrorHandler());
        documents();
        uploads();
        sagas();
        cleanups();
        service();
        observe();
        route("http-open-api", get("/api/openapi.json", OPEN, PageFiles::openApi), "the description of the API");
        page();
        refuse("/api/", LAST_API);
        refuse("/observe/", LAST_OBSERVE);
    }

    private void documents() {
        route("http-put-document", put("/api/documents/{name}", INGEST, ingestion::put),
                "stores the body as a document");
        route("http-ingest-path", post("/api/documents", INGEST, ingestion::post),
                "stores a file of this machine");
        route("http-get-document", get("/api/documents/{id}", READ, documents::facts),
                "facts about a completed document");
        route("http-delete-document", Operation.delete("/api/documents/{id}", OPERATE, deletions::delete),
                "deletes a document with all its versions");
        route("http-get-content", get("/api/documents/{id}/content", READ, documents::content),
                "the original, verified while it is sent");
        route("http-get-versions", get("/api/documents/{id}/versions", READ, documents::versions),
                "the versions of a document");
        route("http-get-receipt", get("/api/documents/{id}/receipt", READ, receipts::receipt),
                "the signed receipt of a completed document, or a proof for one chunk");
        route("http-get-receipt-keys", get("/api/receipts/keys", OPEN, receipts::keys),
                "the public keys that receipts were signed with");
        route("http-search", get("/api/search", READ, documents::search),
                "the nearest segments of completed documents");
    }

    private void uploads() {
        route("http-upload-options", Operation.options("/api/uploads", OPEN, uploads::options),
                "what the server can do with resumable uploads");
        route("http-create-upload", post("/api/uploads", INGEST, uploads.tus(uploads::create)),
                "creates a resumable upload");
        route("http-head-upload", Operation.head("/api/uploads/{id}", INGEST, uploads.tus(uploads::head)),
                "how much of an upload has arrived");
        route("http-patch-upload", Operation.patch("/api/uploads/{id}", INGEST, uploads.tus(uploads::patch)),
                "appends bytes to an upload; stores the document with the last");
        route("http-delete-upload", Operation.delete("/api/uploads/{id}", INGEST, uploads.tus(uploads::delete)),
                "gives an upload up");
        route("http-override-upload", post("/api/uploads/{id}", INGEST, uploads.tus(uploads::override)),
                "the same for clients that can send no other method than POST");
    }

    private void sagas() {
        route("http-list-sagas", get("/api/sagas", READ, sagas::list), "lists of sagas");
        route("http-counts", get("/api/counts", READ, sagas::counts),
                "sagas by state, what needs attention, open clean-ups");
        route("http-statistics", get("/api/statistics", READ, statistics::hours),
                "sagas and bytes of each hour");
        route("http-bulk-sagas", post("/api/bulk/sagas", OPERATE, bulk::sagas),
                "cancels, pauses or resumes all sagas that a query selects");
        route("http-get-saga", get("/api/sagas/{id}", READ, sagas::detail),
                "one saga: steps, chunks, stores, clean-ups, events");
        route("http-get-outcome", get("/api/sagas/{id}/outcome", INGEST_OR_READ, sagas::outcome),
                "the outcome of a saga; waits for it");
        route("http-cancel-saga", post("/api/sagas/{id}/cancel", OPERATE, sagas::cancel), "cancels a saga");
        route("http-pause-saga", post("/api/sagas/{id}/pause", OPERATE, sagas::pause), "pauses a saga");
        route("http-resume-saga", post("/api/sagas/{id}/resume", OPERATE, sagas::resume), "resumes a saga");
        route("http-events", get("/api/events", READ, events::listen), "live events");
    }

    private void cleanups() {
        route("http-list-cleanups", get("/api/cleanups", READ, sagas::cleanups),
                "what compensations could not remove");
        route("http-bulk-cleanups", post("/api/bulk/cleanups", OPERATE, bulk::cleanups),
                "retries or closes all clean-ups that a query selects");
        route("http-retry-cleanup", post("/api/cleanups/{id}/retry", OPERATE, sagas::retry),
                "retries a clean-up");
        route("http-resolve-cleanup", post("/api/cleanups/{id}/resolve", OPERATE, sagas::resolve),
                "closes a clean-up that an operator has handled");
    }

    private void service() {
        route("http-drain", post("/api/drain", OPERATE, drain::begin), "takes this service out of work");
        route("http-list-audit", get("/api/audit", OPERATE, audit::list),
                "who did what, when, to which document");
        route("http-drain-progress", get("/api/drain", READ, drain::progress),
                "how far the service has drained");
        route("http-list-holds", get("/api/holds", OPERATE, legalHolds::list), "legal holds");
        route("http-place-hold", post("/api/holds", OPERATE, legalHolds::place),
                "forbids the deletion of a document, or of all documents of an owner");
        route("http-release-hold", Operation.delete("/api/holds/{id}", OPERATE, legalHolds::release),
                "ends a legal hold");
        route("http-keys", get("/api/keys", READ, keys::report),
                "key encryption keys and how many documents need each");
        route("http-rotate-keys", post("/api/keys/rotate", OPERATE, keys::rotate),
                "wraps the keys of documents again by the current key");
        route("http-key-rotation", get("/api/keys/rotate", READ_OR_OPERATE, keys::progress),
                "how far the rotation of keys is");
        route("http-run-retention", post("/api/retention", OPERATE, retention::run),
                "removes now what has been kept long enough");
        route("http-retention", get("/api/retention", READ_OR_OPERATE, retention::progress),
                "how far the newest pass of retention is");
    }

    private void observe() {
        route("http-metrics", get("/observe/metrics", READ, observe::metrics), "metrics for Prometheus");
        route("http-health", get("/observe/health", OPEN, observe::health), "health of the parts");
        route("http-live", get("/observe/health/live", OPEN, observe::live), "whether the process answers");
        route("http-ready", get("/observe/health/ready", OPEN, observe::health), "the same as health");
    }

    private void page() {
        for (String path : new TreeSet<>(PageFiles.FILES.keySet())) {
            String id = config.id(path.equals("/") ? "page" : "page-" + path.substring(1).replace('.', '-'));
            Operation file = get(path, OPEN, request -> PageFiles.file(request, path));
            operations.add(id, file);
            // Without httpMethodRestrict: nothing else answers 405 for this path.
            from(uri(path)).routeId(id).group("http").description("a file of the operator's page").streamCache(false)
                    .process(responder.serving(file));
        }
    }

    private void route(String name, Operation operation, String description) {
        String id = config.id(name);
        operations.add(id, operation);
        from(uri(operation.path()) + "&httpMethodRestrict=" + String.join(",", operation.methods()))
                .routeId(id).group("http").description(description).streamCache(false).routePolicy(lastRoutes)
                .routeProperty("http.route", config.endpoints().http().path() + operation.path())
                .routeProperty("scopes", operation.scopes().stream().map(Scope::word).sorted().collect(joining(" ")))
                .process(responder.serving(operation));
    }

    /** Answers what no operation below this path does. The server would do it with a page of its own. */
    private void refuse(String path, String name) {
        from(uri(path) + "&matchOnUriPrefix=true").routeId(config.id(name)).group("http").streamCache(false)
                .description("answers unknown paths and methods below " + path)
                .process(responder.refusing());
    }

    /**
     * Sets neither {@code consumes} nor {@code produces}: the server would refuse a request by itself, with an answer
     * that is no problem.
     */
    private String uri(String path) {
        // Stream bodies: do not cache them first nor, on a servlet server, read them as text. Vert.x passes its own
        // request in any case.
        return "platform-http:" + config.endpoints().http().path() + path
                + "?useBodyHandler=false&headerFilterStrategy=#"
                + config.id("http-headers") + (isVertx() ? "" : "&useStreaming=true");
    }

    private boolean isStarted(String routeId) {
        ServiceStatus status = getContext().getRouteController().getRouteStatus(routeId);
        return status != null && status.isStarted();
    }

    private boolean isVertx() {
        return getContext().getClassResolver().resolveClass(Responder.VERTX_MESSAGE) != null;
    }

    /** New documents get 503 before they are read; all else is answered as usual. */
    public void refuseDocuments() {
        ingestion.refuse();
    }

    /** New requests get 503, and event streams end. Running requests continue until the context stops. */
    @Override
    public void close() {
        responder.close();
        timer.shutdownNow();
        events.close();
    }
}
