package dev.streamingsaga.api;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** All operations of the API. {@code openapi.json} describes exactly these. */
final class Operations {
    private static final Set<Scope> INGEST = EnumSet.of(Scope.INGEST);
    private static final Set<Scope> READ = EnumSet.of(Scope.READ);
    private static final Set<Scope> OPERATE = EnumSet.of(Scope.OPERATE);
    private static final Set<Scope> OPEN = EnumSet.noneOf(Scope.class);

    private final List<Operation> all = new ArrayList<>();

    Operations(
            IngestOperations ingestion,
            DocumentOperations documents,
            SagaOperations sagas,
            EventFeed events,
            ObserveOperations observe) {
        add("PUT", "/api/documents/{name}", INGEST, request -> ingestion.put(request));
        add("POST", "/api/documents", INGEST, request -> ingestion.post(request));
        add("GET", "/api/documents/{id}", READ, request -> documents.facts(request));
        add("GET", "/api/documents/{id}/content", READ, request -> documents.content(request));
        add("GET", "/api/search", READ, request -> documents.search(request));
        add("GET", "/api/sagas", READ, request -> sagas.list(request));
        add("GET", "/api/counts", READ, request -> sagas.counts(request));
        add("GET", "/api/sagas/{id}", READ, request -> sagas.detail(request));
        add("GET", "/api/sagas/{id}/outcome", EnumSet.of(Scope.INGEST, Scope.READ), request -> sagas.outcome(request));
        add("POST", "/api/sagas/{id}/cancel", OPERATE, request -> sagas.cancel(request));
        add("POST", "/api/sagas/{id}/pause", OPERATE, request -> sagas.pause(request));
        add("POST", "/api/sagas/{id}/resume", OPERATE, request -> sagas.resume(request));
        add("GET", "/api/cleanups", READ, request -> sagas.cleanups(request));
        add("POST", "/api/cleanups/{id}/retry", OPERATE, request -> sagas.retry(request));
        add("POST", "/api/cleanups/{id}/resolve", OPERATE, request -> sagas.resolve(request));
        add("GET", "/api/events", READ, request -> events.listen(request));
        add("GET", "/observe/metrics", READ, request -> observe.metrics(request));
        add("GET", "/observe/health", OPEN, request -> observe.health(request));
        add("GET", "/observe/health/live", OPEN, request -> observe.live(request));
        add("GET", "/observe/health/ready", OPEN, request -> observe.health(request));
        add("GET", "/api/openapi.json", OPEN, PageFiles::openApi);
        PageFiles.FILES.keySet().forEach(path -> add("GET", path, OPEN, request -> PageFiles.file(request, path)));
    }

    private void add(String method, String path, Set<Scope> scopes, Operation.OperationHandler handler) {
        all.add(new Operation(method, path, scopes, handler));
    }

    List<Operation> all() {
        return all;
    }

    /** An operation and the variables of its path. */
    record Match(Operation operation, Map<String, String> variables) {}

    /**
     * @param method HEAD finds the GET operation
     * @throws Problem 404 for an unknown path, 405 for an unsupported method
     */
    Operations.Match find(String method, String path) {
        Map<String, Operations.Match> methods = new HashMap<>();
        for (Operation operation : all) {
            Optional<Map<String, String>> variables = operation.match(path);
            variables.ifPresent(found -> methods.put(operation.method(), new Operations.Match(operation, found)));
        }
        if (methods.isEmpty()) {
            throw new Problem(
                    404, "no-resource", "there is nothing at " + RequestText.shown(path) + "; see /api/openapi.json");
        }
        Operations.Match found = methods.get(method.equals("HEAD") ? "GET" : method);
        if (found == null) {
            TreeSet<String> allowed = new TreeSet<>(methods.keySet());
            if (allowed.contains("GET")) {
                allowed.add("HEAD");
            }
            throw new Problem(
                            405,
                            "wrong-method",
                            RequestText.shown(path) + " does not support " + RequestText.shown(method) + ", only "
                                    + String.join(", ", allowed))
                    .header("Allow", String.join(", ", allowed));
        }
        return found;
    }
}
