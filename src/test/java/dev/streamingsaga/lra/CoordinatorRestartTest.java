package dev.streamingsaga.lra;

import static dev.streamingsaga.lra.SagaFixture.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.embedded.CoordinatorProcess;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.testkit.ChildJava;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The coordinator runs in its own process, is killed during a saga and restarted on the same data. */
@Tag("own-jvm")
class CoordinatorRestartTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @TempDir
    Path coordinatorData;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @TempDir
    Path data;

    @Test
    void no_joined_step_is_lost_when_the_coordinator_is_killed_before_the_cancel() throws Exception {
        CoordinatorProcess first = CoordinatorProcess.start(coordinatorData);
        try (SagaFixture saga = SagaFixture.against(first.url(), data, TIMEOUT)) {
            AtomicReference<String> lra = new AtomicReference<>("");
            saga.camel.getRouteController().stopRoute("second");
            saga.camel.removeRoute("second");
            saga.camel.addRoutes(new org.apache.camel.builder.RouteBuilder() {
                @Override
                public void configure() {
                    errorHandler(noErrorHandler());
                    from("direct:second").routeId("second").process(e -> {
                        lra.set(e.getMessage().getHeader("Long-Running-Action", String.class));
                        first.kill();
                        throw new SagaException(Reason.STORE_FAILED, "the store is down");
                    });
                }
            });
            assertThat(saga.run().getException()).hasMessage("the store is down");
            assertThat(saga.compensated()).isEmpty();

            try (CoordinatorProcess again = CoordinatorProcess.start(coordinatorData)) {
                assertThat(again.url()).isEqualTo(first.url());
                assertThat(saga.service.cancel(lra.get())).succeedsWithin(TIMEOUT);
                assertThat(saga.compensated()).containsExactlyInAnyOrder(target("first"), target("root"));
            }
        } finally {
            first.kill();
        }
    }

    @Test
    void pending_compensations_are_called_immediately_after_a_restart() throws Exception {
        CoordinatorProcess first = CoordinatorProcess.start(coordinatorData);
        try (SagaFixture saga = SagaFixture.against(first.url(), data, TIMEOUT)) {
            saga.handler.behaviour = t -> CallbackHandler.CallbackAnswer.LATER;
            saga.lastStep = () -> {
                throw new SagaException(Reason.STORE_FAILED, "the store is down");
            };
            saga.run();
            first.kill();
            saga.handler.compensated.clear();
            saga.handler.behaviour = t -> CallbackHandler.CallbackAnswer.DONE;

            try (CoordinatorProcess again = CoordinatorProcess.start(coordinatorData)) {
                assertThat(again.url()).isEqualTo(first.url());
                await().atMost(TIMEOUT)
                        .untilAsserted(() -> assertThat(saga.compensated())
                                .contains(target("root"), target("first"), target("second")));
            }
        } finally {
            first.kill();
        }
    }

    @Test
    void a_coordinator_that_is_gone_at_close_fails_the_saga_with_a_clear_message() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(coordinatorData);
                SagaFixture saga = SagaFixture.against(coordinator.url(), data, Duration.ofSeconds(3))) {
            saga.lastStep = coordinator::kill;

            assertThat(saga.run().getException()).isInstanceOfSatisfying(SagaException.class, e -> {
                assertThat(e.reason()).isEqualTo(Reason.COORDINATOR_UNAVAILABLE);
                assertThat(e).hasMessageContaining("cannot close");
            });
            assertThat(saga.handler.completed).isEmpty();
        }
    }
}
