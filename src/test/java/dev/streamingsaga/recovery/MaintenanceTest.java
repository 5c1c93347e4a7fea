package dev.streamingsaga.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class MaintenanceTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final AtomicLong nanos = new AtomicLong();

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void a_node_whose_work_hangs_leaves_the_rest_to_another_one_until_it_ends(@TempDir Path data) {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        try (Databases.OpenDatabase database =
                Databases.open("journal", config.servers().journal(), data)) {
            Journal one = new Journal(database.dataSource(), Clock.systemUTC(), "one");
            Journal two = new Journal(database.dataSource(), Clock.systemUTC(), "two");
            Maintenance first = new Maintenance(one.singletons(), LIMIT, nanos::get);
            Maintenance second = new Maintenance(two.singletons(), LIMIT, nanos::get);

            assertThat(first.begin()).isTrue();
            assertThat(first.begin()).as("one piece at a time").isFalse();
            pass(LIMIT.dividedBy(2));
            first.progress();
            pass(LIMIT);
            assertThat(first.begin()).isFalse();
            assertThat(second.begin()).as("it works, slowly").isFalse();

            pass(Duration.ofMillis(1));
            assertThat(first.begin()).isFalse();
            assertThat(second.begin()).as("it hangs").isTrue();
            second.end();
            one.singletons().renew();
            assertThat(second.begin()).isTrue();
            second.end();
            two.singletons().releaseAll();

            first.end();
            assertThat(first.begin()).isTrue();
        }
    }
}
