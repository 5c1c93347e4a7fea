package dev.streamingsaga.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;

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

    @Test
    void an_alert_that_could_not_be_journaled_is_repeated_by_the_next_call(@TempDir Path data) throws Exception {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        try (Databases.OpenDatabase database =
                        Databases.open("journal", config.servers().journal(), data);
                DefaultCamelContext context = new DefaultCamelContext()) {
            Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), "one");
            JdbcTemplate sql = new JdbcTemplate(database.dataSource());
            DownDependency down = bucketDown(saga(journal, "a"));
            Reports reports = new Reports(config, journal, context);
            sql.execute("ALTER TABLE singleton_lease RENAME TO away");
            assertThatThrownBy(() -> reports.outagesChanged(List.of(down))).isInstanceOf(DataAccessException.class);
            sql.execute("ALTER TABLE away RENAME TO singleton_lease");

            reports.outagesChanged(List.of(down));
            reports.outagesChanged(List.of(down));

            assertThat(alerts(journal, down)).isOne();
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
