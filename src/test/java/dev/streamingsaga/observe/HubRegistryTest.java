package dev.streamingsaga.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a hub with its own registry no other one is created, and closing the instance removes its metrics. */
@Tag("unit")
class HubRegistryTest {
    @Test
    void uses_the_registry_that_the_context_has_and_leaves_nothing_in_it(@TempDir Path data) throws Exception {
        SimpleMeterRegistry hub = new SimpleMeterRegistry();
        hub.counter("of.the.hub");
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.name", "second"));
        try (Databases.OpenDatabase database =
                        Databases.open("journal", config.servers().journal(), data);
                DefaultCamelContext context = new DefaultCamelContext()) {
            context.getRegistry().bind("meters", hub);
            Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), "here");
            journal.registration()
                    .receive(new NewSaga(
                            data.resolve("a.bin"),
                            List.of("security"),
                            Duration.ofHours(1),
                            "me",
                            "internal",
                            "none",
                            true));
            try (Observation observation =
                    new Observation(new ObservedComponents(context, config, journal, () -> 0, () -> 0, Map.of()))) {
                observation.serve();

                assertThat(observation.scrape())
                        .as("not Prometheus': the hub exports it")
                        .isEmpty();
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> hub.get("streaming.saga")
                                        .tag("saga", "second")
                                        .functionCounter()
                                        .count()
                                == 1);
                assertThat(hub.find("jvm.memory.used").meters())
                        .as("the hub's own affair")
                        .isEmpty();
            }
            assertThat(hub.getMeters())
                    .extracting(meter -> meter.getId().getName())
                    .containsExactly("of.the.hub");
        }
    }
}
