package dev.streamingsaga.api;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Everything that can be asked for; {@code openapi.json} describes just this. */
final class Operations {
    private static final Set<Scope> INGEST = EnumSet.of(Scope.INGEST);
    private static final Set<Scope> READ = EnumSet.of(Scope.READ);
    private static final Set<Scope> OPERATE = EnumSet.of(Scope.OPERATE);
    private static final Set<Scope> OPEN = EnumSet.noneOf(Scope.class);

    private final List<Operation> all = new ArrayList<>();

    Operations(DocumentIntake intake, DocumentOperations documents, SagaOperations sagas, EventFeed events) {
        add("PUT", "/api/documents/{name}", INGEST, intake::put);
        add("POST", "/api/documents", INGEST, intake::post);
        add("GET", "/api/documents/{id}", READ, documents::facts);
        add("GET", "/api/documents/{id}/content", READ, documents::content);
        add("GET", "/api/search", READ, documents::search);
        add("GET", "/api/sagas", READ, sagas::list);
        add("GET", "/api/sagas/{id}", READ, sagas::detail);
        add("GET", "/api/sagas/{id}/outcome", EnumSet.of(Scope.INGEST, Scope.READ), sagas::outcome);
        add("POST", "/api/sagas/{id}/cancel", OPERATE, sagas::cancel);
        add("POST", "/api/sagas/{id}/pause", OPERATE, sagas::pause);
        add("POST", "/api/sagas/{id}/resume", OPERATE, sagas::resume);
        add("GET", "/api/cleanups", READ, sagas::cleanups);
        add("POST", "/api/cleanups/{id}/retry", OPERATE, sagas::retry);
        add("POST", "/api/cleanups/{id}/resolve", OPERATE, sagas::resolve);
        add("GET", "/api/events", READ, events::listen);
        add("GET", "/api/openapi.json", OPEN, PageFiles::openApi);
        PageFiles.FILES.keySet().forEach(path -> add("GET", path, OPEN, request -> PageFiles.file(request, path)));
    }

    private void add(String method, String path, Set<Scope> scopes, Operation.Handler handler) {
        all.add(new Operation(method, path, scopes, handler));
    }

    List<Operation> all() {
        return all;
    }

    /** An operation and the variables of its path. */
    record Found(Operation operation, Map<String, String> variables) {}

    /**
     * @param method HEAD is a GET whose body nobody wants
     * @throws Problem 404 for an unknown path, 405 for a method that it has not
     */
    Found find(String method, String path) {
        Map<String, Found> methods = new HashMap<>();
        for (Operation operation : all) {
            Optional<Map<String, String>> variables = operation.match(path);
            variables.ifPresent(found -> methods.put(operation.method(), new Found(operation, found)));
        }
        if (methods.isEmpty()) {
            throw new Problem(404, "no-resource", "there is nothing at " + Texts.shown(path) + "; see /api/openapi.json");
        }
        Found found = methods.get(method.equals("HEAD") ? "GET" : method);
        if (found == null) {
            TreeSet<String> allowed = new TreeSet<>(methods.keySet());
            if (allowed.contains("GET")) {
                allowed.add("HEAD");
            }
            throw new Problem(405, "wrong-method", Texts.shown(path) + " has no " + Texts.shown(method) + ", only " + String.join(", ", allowed))
                    .header("Allow", String.join(", ", allowed));
        }
        return found;
    }
}
