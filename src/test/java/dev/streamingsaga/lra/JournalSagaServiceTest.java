package dev.streamingsaga.lra;

import static dev.streamingsaga.lra.SagaFixture.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.embedded.EmbeddedCoordinator;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.lra.StubServer.StubResponse;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("own-jvm")
class JournalSagaServiceTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private static final Path COORDINATOR_DATA = CoordinatorSettings.directory();

    @TempDir
    Path data;

    static EmbeddedCoordinator coordinator;

    @BeforeAll
    static void startCoordinator() throws Exception {
        coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(COORDINATOR_DATA));
    }

    @AfterAll
    static void stopCoordinator() {
        coordinator.close();
    }

    private SagaFixture fixture() throws Exception {
        return SagaFixture.against(coordinator.url(), data, TIMEOUT);
    }

    @Test
    void reports_completion_to_the_steps_that_request_it() throws Exception {
        try (SagaFixture saga = fixture()) {
            Exchange end = saga.run();

            assertThat(end.getException()).isNull();
            assertThat(saga.handler.completed).containsExactly(target("root"));
            assertThat(saga.compensated()).isEmpty();
        }
    }

    @Test
    void compensates_every_joined_step_newest_first_and_keeps_the_business_exception() throws Exception {
        try (SagaFixture saga = fixture()) {
            saga.lastStep = () -> {
                throw new SagaException(Reason.STORE_FAILED, "the second store is down");
            };
            Exchange end = saga.run();

            assertThat(end.getException()).isInstanceOf(SagaException.class).hasMessage("the second store is down");
            assertThat(saga.compensated()).containsExactly(target("second"), target("first"), target("root"));
            assertThat(saga.handler.completed).isEmpty();
        }
    }

    @Test
    void bodies_run_on_threads_of_the_service_and_as_many_concurrently_as_sagas() throws Exception {
        try (SagaFixture saga = fixture()) {
            CyclicBarrier allInside = new CyclicBarrier(6);
            saga.lastStep = () -> meet(allInside);
            ExecutorService callers = Executors.newFixedThreadPool(6);
            List<Future<Exchange>> runs = IntStream.range(0, 6)
                    .mapToObj(i -> callers.submit(() -> saga.run()))
                    .toList();
            for (Future<Exchange> run : runs) {
                assertThat(run.get(30, TimeUnit.SECONDS).getException()).isNull();
            }
            callers.shutdown();

            assertThat(saga.bodyThreads).isNotEmpty().allMatch(name -> name.startsWith("saga-lra-"));
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("not all sagas were inside at a time", e);
        }
    }

    @Test
    void keeps_working_after_one_of_its_routes_was_stopped() throws Exception {
        try (SagaFixture saga = fixture()) {
            saga.camel.getRouteController().stopRoute("odd");

            assertThat(saga.run().getException()).isNull();
            assertThat(saga.handler.completed).containsExactly(target("root"));
        }
    }

    @Test
    void a_foreign_lra_header_is_refused_and_never_called() throws Exception {
        try (SagaFixture saga = fixture();
                StubServer foreign = new StubServer((r, n) -> new StubResponse(200, "Closed"))) {
            String id = foreign.uri("/lra-coordinator/0_ffff7f000001_1_2_3").toString();
            for (String endpoint : List.of("direct:root", "direct:second")) {
                Exchange end = saga.run(endpoint, Map.of("Long-Running-Action", id));

                assertThat(end.getException())
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("Long-Running-Action");
            }
            assertThat(saga.service.cancel(id)).succeedsWithin(TIMEOUT);
            assertThat(foreign.requests).isEmpty();
            assertThat(saga.bodyThreads).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "a#b",
                "<x>",
                "a,b",
                "grün",
                "a&b;c+d%26",
                "${body}",
                "../../etc/passwd",
                "with space",
                "#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void a_step_with_an_option_that_is_no_token_is_refused_before_its_body(String value) throws Exception {
        try (SagaFixture saga = fixture()) {
            saga.lastStep = () -> saga.bodyThreads.add("ran");
            Exchange end = saga.run("direct:odd", Map.of("odd", value));

            assertThat(end.getException())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("exactly one option");
            assertThat(saga.bodyThreads).isEmpty();
        }
    }

    @Test
    void a_silent_coordinator_ends_in_an_error_within_the_time_out() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress());
                SagaFixture saga = SagaFixture.against(
                        URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/lra-coordinator"),
                        data,
                        Duration.ofMillis(500))) {
            Exchange end = runInTime(saga);

            assertThat(end.getException()).isInstanceOfSatisfying(SagaException.class, e -> {
                assertThat(e.reason()).isEqualTo(Reason.COORDINATOR_UNAVAILABLE);
                assertThat(e)
                        .hasMessageContaining("cannot begin an LRA")
                        .hasMessageContaining("no answer within 500 ms");
            });
            assertThat(saga.bodyThreads).isEmpty();
        }
    }

    @Test
    void a_response_whose_body_never_ends_times_out_too() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (ServerSocket slow = new ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress())) {
            Thread server = new Thread(() -> {
                try (var socket = slow.accept()) {
                    socket.getOutputStream()
                            .write("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhttp".getBytes());
                    over.await();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            server.start();
            try (SagaFixture saga = SagaFixture.against(
                    URI.create("http://127.0.0.1:" + slow.getLocalPort() + "/lra-coordinator"),
                    data,
                    Duration.ofMillis(500))) {
                assertThat(runInTime(saga).getException()).hasMessageContaining("no answer within 500 ms");
            }
            over.countDown();
            server.join();
        }
    }

    /** Much longer than the time-out under test; without that time-out the run would never end. */
    private static Exchange runInTime(SagaFixture saga) throws Exception {
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            return caller.submit(() -> saga.run()).get(30, TimeUnit.SECONDS);
        } finally {
            caller.shutdownNow();
        }
    }

    @Test
    void a_cancel_that_cannot_be_sent_leaves_the_business_exception_in_place() throws Exception {
        try (StubServer stub = stub((request, nth) ->
                        request.endsWith("/cancel") ? new StubResponse(0, "") : new StubResponse(200, ""));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            saga.lastStep = () -> {
                throw new SagaException(Reason.STORAGE_FULL, "no space left");
            };
            assertThat(saga.run().getException())
                    .isInstanceOf(SagaException.class)
                    .hasMessage("no space left");
            assertThat(stub.requests).filteredOn(r -> r.endsWith("/cancel")).isNotEmpty();
        }
    }

    @Test
    void a_cancel_of_an_lra_the_coordinator_does_not_know_leaves_the_business_exception_in_place() throws Exception {
        try (StubServer stub = stub((request, nth) ->
                        request.endsWith("/cancel") ? new StubResponse(404, "unknown") : new StubResponse(200, ""));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            saga.lastStep = () -> {
                throw new SagaException(Reason.STORAGE_FULL, "no space left");
            };
            assertThat(saga.run().getException()).hasMessage("no space left");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Cancelled", "Cancelling", "FailedToCancel", "{\"status\":\"Cancelled\"}"})
    void a_close_that_the_coordinator_answers_with_cancelled_fails_the_saga(String body) throws Exception {
        try (StubServer stub = stub((request, nth) -> new StubResponse(200, request.endsWith("/close") ? body : ""));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            assertThat(saga.run().getException()).isInstanceOfSatisfying(SagaException.class, e -> {
                assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
                assertThat(e).hasMessageContaining("came too late");
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"FailedToClose", "", "something else"})
    void a_close_without_a_clear_word_fails_the_saga(String body) throws Exception {
        try (StubServer stub = stub((request, nth) -> new StubResponse(200, request.endsWith("/close") ? body : ""));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            assertThat(saga.run().getException())
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.COORDINATOR_UNAVAILABLE));
        }
    }

    @Test
    void broken_connections_and_a_full_bulkhead_are_retried() throws Exception {
        try (StubServer stub = stub((request, nth) -> nth > 1
                        ? new StubResponse(200, request.endsWith("/close") ? "Closed" : "")
                        : request.endsWith("/start") ? new StubResponse(500, "bulkhead") : new StubResponse(0, ""));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            assertThat(saga.run().getException()).isNull();
            assertThat(stub.requests).filteredOn(r -> r.endsWith("/close")).hasSize(2);
        }
    }

    @Test
    void the_secret_is_sent_with_every_request_and_in_no_url() throws Exception {
        try (StubServer stub =
                        stub((request, nth) -> new StubResponse(200, request.endsWith("/close") ? "Closed" : ""));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            assertThat(saga.run().getException()).isNull();
            assertThat(stub.requests)
                    .hasSizeGreaterThanOrEqualTo(5)
                    .noneMatch(r -> r.contains(CoordinatorSettings.SECRET));
            assertThat(stub.authorizations)
                    .hasSameSizeAs(stub.requests)
                    .containsOnly("Bearer " + CoordinatorSettings.SECRET);
        }
    }

    @Test
    void a_coordinator_that_requires_no_secret_gets_none() throws Exception {
        try (StubServer stub =
                        stub((request, nth) -> new StubResponse(200, request.endsWith("/close") ? "Closed" : ""));
                SagaFixture saga = new SagaFixture(
                        new CoordinatorAccess(LraScope.of(stub.uri("/lra-coordinator")), Optional.empty()),
                        data,
                        TIMEOUT)) {
            assertThat(saga.run().getException()).isNull();
            assertThat(stub.authorizations).isNotEmpty().containsOnly("null");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "401, no, 'HTTP 401 no (saga.coordinator.secret', 1",
        "503, TooManyLRAs, 'HTTP 503 TooManyLRAs; nothing was started', 3"
    })
    void a_refused_begin_is_told_with_its_reason_and_without_the_secret(
            int status, String body, String words, int attempts) throws Exception {
        try (StubServer stub = new StubServer((request, nth) -> new StubResponse(status, body));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            assertThat(saga.run().getException()).isInstanceOfSatisfying(SagaException.class, e -> {
                assertThat(e.reason()).isEqualTo(Reason.COORDINATOR_UNAVAILABLE);
                assertThat(e).hasMessageContaining(words).hasMessageNotContaining(CoordinatorSettings.SECRET);
            });
            assertThat(stub.requests).hasSize(attempts);
            assertThat(saga.bodyThreads).isEmpty();
        }
    }

    @Test
    void an_lra_id_from_begin_that_is_not_below_the_coordinator_is_not_used() throws Exception {
        try (StubServer foreign = new StubServer((r, n) -> new StubResponse(200, ""));
                StubServer stub = new StubServer((r, n) -> new StubResponse(
                        201, "", foreign.uri("/lra-coordinator/0_1").toString()));
                SagaFixture saga = SagaFixture.against(stub.uri("/lra-coordinator"), data, TIMEOUT)) {
            assertThat(saga.run().getException())
                    .isInstanceOf(SagaException.class)
                    .hasMessageContaining("not below");
            assertThat(foreign.requests).isEmpty();
            assertThat(saga.bodyThreads).isEmpty();
        }
    }

    @Test
    void a_step_cannot_join_an_lra_that_was_cancelled_meanwhile() throws Exception {
        try (SagaFixture saga = fixture()) {
            saga.camel.addRoutes(new org.apache.camel.builder.RouteBuilder() {
                @Override
                public void configure() {
                    errorHandler(noErrorHandler());
                    from("direct:late")
                            .routeId("late")
                            .saga()
                            .sagaService(saga.service)
                            .propagation(org.apache.camel.model.SagaPropagation.REQUIRES_NEW)
                            .option(CallbackToken.OPTION, exchangeProperty("Token-root"))
                            .compensation("direct:x-compensate")
                            .process(e -> saga.service
                                    .cancel(e.getMessage().getHeader("Long-Running-Action", String.class))
                                    .get())
                            .to("direct:first");
                }
            });
            Exchange end = saga.run("direct:late", Map.of());

            assertThat(end.getException()).isInstanceOf(SagaException.class).hasMessageContaining("cannot join");
            assertThat(saga.bodyThreads).isEmpty();
            assertThat(saga.compensated()).containsExactly(target("root"));
        }
    }

    @Test
    void a_compensation_that_answers_later_is_called_again_at_the_next_recovery() throws Exception {
        try (SagaFixture saga = fixture()) {
            saga.handler.behaviour = t -> CallbackHandler.CallbackAnswer.LATER;
            saga.lastStep = () -> {
                throw new SagaException(Reason.STORE_FAILED, "down");
            };
            saga.run();
            saga.handler.behaviour = t -> CallbackHandler.CallbackAnswer.DONE;
            saga.handler.compensated.clear();
            coordinator.recover();

            await().atMost(TIMEOUT)
                    .untilAsserted(() ->
                            assertThat(saga.compensated()).contains(target("first"), target("second"), target("root")));
        }
    }

    private static StubServer stub(StubServer.Answers answers) throws Exception {
        var self = new java.util.concurrent.atomic.AtomicReference<StubServer>();
        self.set(new StubServer((request, nth) -> {
            StubResponse answer = answers.to(request, nth);
            return request.endsWith("/start") && answer.status() == 200
                    ? new StubResponse(
                            201, "", self.get().uri("/lra-coordinator/0_1").toString())
                    : answer;
        }));
        return self.get();
    }
}
