package dev.streamingsaga.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.outage.Dependency;
import dev.streamingsaga.outage.DownDependency;
import dev.streamingsaga.outage.Outage;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportsTest {
    /** Each node finds out by itself that the bucket is down, on a saga of its own. */
    @Test
    void of_several_nodes_that_meet_an_outage_the_first_one_sends_the_alert(@TempDir Path data) throws Exception {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        try (Databases.OpenDatabase database =
                        Databases.open("journal", config.servers().journal(), data);
                DefaultCamelContext context = new DefaultCamelContext()) {
            Journal one = new Journal(database.dataSource(), Clock.systemUTC(), "one");
            Journal two = new Journal(database.dataSource(), Clock.systemUTC(), "two");
            DownDependency seenByOne = bucketDown(saga(one, "a"));
            DownDependency seenByTwo = bucketDown(saga(one, "b"));
            Reports first = new Reports(config, one, context);
            Reports second = new Reports(config, two, context);

            first.outagesChanged(List.of(seenByOne));
            second.outagesChanged(List.of(seenByTwo));
            assertThat(alerts(one, seenByOne)).isOne();
            assertThat(alerts(one, seenByTwo)).as("of the second node").isZero();

            first.outagesChanged(List.of());
            second.outagesChanged(List.of());
            second.outagesChanged(List.of(seenByTwo));
            assertThat(alerts(one, seenByTwo)).as("of the next outage").isOne();
        }
    }

    private static DownDependency bucketDown(String sagaId) {
        return new DownDependency(new Outage(Dependency.BUCKET, "refused"), sagaId, Instant.EPOCH);
    }

    private static String saga(Journal journal, String name) {
        return journal.registration()
                .receive(new NewSaga(Path.of("/in/" + name), List.of(), Duration.ofHours(1), "o", "c", "k", true))
                .saga()
                .sagaId();
    }

    private static long alerts(Journal journal, DownDependency down) {
        return journal.events().of(down.sagaId()).stream()
                .filter(event -> event.kind() == Event.EventKind.ALERT)
                .count();
    }
}
