package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.HubServers;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpServer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpServerConfiguration;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.EventNotifierSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The routes of the operations, on the Vert.x server of a hub, which has no answers of ours for what they leave out.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class HttpRoutesTest {
    private static final String PREFIX = "/documents";
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW");

    /** Ids of routes by method and path of the request. */
    private final Map<String, String> served = new ConcurrentHashMap<>();

    private HubServers servers;
    private CamelContext hub;
    private ApiClient api;

    /** An operation of the description. */
    record Described(String method, String path, String routeId, String scopes) {
        @Override
        public String toString() {
            return method + " " + path;
        }

        Set<String> methods() {
            return method.equals("GET") ? Set.of("GET", "HEAD") : Set.of(method);
        }

        /** The path with a value for each variable. */
        String example() {
            return PREFIX + path.replaceAll("[{]\\w+}", "x");
        }
    }

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        servers = new HubServers(directory);
        Map<String, String> properties = servers.properties("saga");
        properties.put("saga.http.path", PREFIX);
        hub = HubServers.context(properties);
        StreamingSaga bundle = new StreamingSaga();
        hub.addRoutes(bundle);
        int port = freePort();
        VertxPlatformHttpServerConfiguration server = new VertxPlatformHttpServerConfiguration();
        server.setBindHost("127.0.0.1");
        server.setBindPort(port);
        hub.addService(new VertxPlatformHttpServer(server));
        hub.getManagementStrategy().addEventNotifier(new EventNotifierSupport() {
            @Override
            public void notify(CamelEvent event) {
                if (event instanceof CamelEvent.ExchangeCompletedEvent completed
                        && completed.getExchange().getFromEndpoint() instanceof PlatformHttpEndpoint) {
                    Exchange exchange = completed.getExchange();
                    served.put(
                            exchange.getMessage().getHeader(Exchange.HTTP_METHOD) + " "
                                    + exchange.getMessage().getHeader(Exchange.HTTP_PATH),
                            exchange.getFromRouteId());
                }
            }
        });
        hub.start();
        hub.addRoutes(bundle.http(hub));
        api = new ApiClient(URI.create("http://127.0.0.1:" + port));
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterAll
    void stop() {
        hub.stop();
        servers.close();
    }

    static List<Described> operations() throws Exception {
        JsonNode description;
        try (InputStream file = ApiRoutes.class.getResourceAsStream("openapi.json")) {
            description = new ObjectMapper().readTree(file);
        }
        List<Described> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : description.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                operations.add(new Described(
                        operation.getKey().toUpperCase(Locale.ROOT),
                        path.getKey(),
                        routeId(operation.getValue().path("operationId").asText()),
                        scopes(operation.getValue().path("x-scopes"))));
            }
        }
        return operations;
    }

    /** The route of the operation {@code getSaga} is {@code saga-http-get-saga}. */
    private static String routeId(String operationId) {
        return "saga-http-" + operationId.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static String scopes(JsonNode scopes) {
        return StreamSupport.stream(scopes.spliterator(), false)
                .map(JsonNode::asText)
                .sorted()
                .collect(Collectors.joining(" "));
    }

    @Test
    void the_routes_are_the_described_operations_and_the_files_of_the_page() throws Exception {
        Set<String> expected = operations().stream()
                .map(o -> o.routeId() + " " + PREFIX + o.path() + " " + new TreeSet<>(o.methods()) + " " + o.scopes())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> routes = hub.getRoutes().stream()
                .filter(route ->
                        "http".equals(route.getGroup()) && route.getProperties().containsKey("http.route"))
                .map(HttpRoutesTest::described)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(routes).isEqualTo(expected);
        assertThat(hub.getRoutes())
                .filteredOn(route -> "http".equals(route.getGroup())
                        && !route.getProperties().containsKey("http.route"))
                .extracting(Route::getRouteId)
                .hasSize(PageFiles.FILES.size() + 2)
                .contains("saga-page", "saga-page-page-js", "saga-http-unknown", "saga-http-observe-unknown")
                .allMatch(id -> id.startsWith("saga-page") || id.endsWith("-unknown"));
    }

    private static String described(Route route) {
        PlatformHttpEndpoint endpoint = (PlatformHttpEndpoint) route.getEndpoint();
        return route.getRouteId() + " " + endpoint.getPath() + " "
                + new TreeSet<>(List.of(endpoint.getHttpMethodRestrict().split(","))) + " "
                + route.getProperties().get("scopes");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void a_request_is_counted_by_the_route_of_its_operation(Described operation) {
        for (String method : operation.methods()) {
            if (!operation.path().equals("/api/events")) { // its answer does not end
                assertThat(routeOf(method, operation.example())).as(method).isEqualTo(operation.routeId());
            }
        }
    }

    private String routeOf(String method, String path) {
        api.send(method, path, BodyPublishers.noBody());
        return await().until(() -> served.get(method + " " + path), Objects::nonNull);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void any_other_method_is_a_problem_with_the_allowed_ones(Described operation) throws Exception {
        Set<String> allowed = operations().stream()
                .filter(other -> other.example().equals(operation.example()))
                .flatMap(other -> other.methods().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        Stream<String> others = METHODS.stream().filter(method -> !allowed.contains(method));

        assertThat(others).allSatisfy(method -> {
            Answer answer = api.send(method, operation.example(), BodyPublishers.noBody());
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
            assertThat(answer.header("Allow")).isEqualTo(String.join(", ", allowed));
            if (!method.equals("HEAD")) {
                assertThat(answer.problem()).isEqualTo("wrong-method");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/page.js"})
    void a_file_of_the_page_can_only_be_read(String file) {
        assertThat(api.get(PREFIX + file).status()).isEqualTo(200);
        Answer answer = api.send("DELETE", PREFIX + file, BodyPublishers.noBody());
        assertThat(answer.problem()).isEqualTo("wrong-method");
        assertThat(answer.header("Allow")).isEqualTo("GET, HEAD");
    }

    /** Vert.x itself would ignore the last slash, double ones, dot segments and percent-encoded letters. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api",
                "/api/",
                "/api/nothing",
                "/api/SAGAS",
                "/api/sagas/",
                "/api//sagas",
                "/api/%73agas",
                "/api/sagas/x/",
                "/api/sagas/..",
                "/api/sagas/%2e%2e",
                "/api/sagas/x/../x",
                "/api/sagas/x/nothing",
                "/api/documents/",
                "/api/documents/x/content/",
                "/observe",
                "/observe/",
                "/observe/health/",
                "/observe/nothing"
            })
    void any_other_path_is_a_problem(String path) {
        for (String method : METHODS) {
            Answer answer = api.send(method, PREFIX + path, BodyPublishers.noBody());
            assertThat(answer.status()).as(method).isEqualTo(404);
            assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
            if (!method.equals("HEAD")) {
                assertThat(answer.problem()).as(method).isEqualTo("no-resource");
            }
        }
    }

    @Test
    void leaves_paths_to_the_hub_that_only_begin_alike() {
        assertThat(api.get(PREFIX + "/apis").header("Content-Type")).doesNotContain("problem");
    }

    @Test
    void an_operation_can_be_stopped_and_started_alone() throws Exception {
        String path = PREFIX + "/api/sagas/x";
        hub.getRouteController().stopRoute("saga-http-get-saga");
        Answer stopped = api.get(path);
        hub.getRouteController().startRoute("saga-http-get-saga");

        assertThat(stopped.status()).isEqualTo(503);
        assertThat(stopped.problem()).isEqualTo("route-stopped");
        assertThat(api.get(path).problem()).isEqualTo("no-saga");
        assertThat(routeOf("GET", PREFIX + "/api/sagas/again")).isEqualTo("saga-http-get-saga");
        assertThat(api.get(PREFIX + "/api/nothing").problem()).isEqualTo("no-resource");
    }
}
