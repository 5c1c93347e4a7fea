package dev.streamingsaga.journal;

import dev.streamingsaga.config.SagaConfig.Database;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;

@Tag("unit")
class SqliteJournalTest extends JournalContract {
    @Override
    Database database() {
        return new Database(Optional.empty(), "", "", 4, Duration.ofSeconds(10));
    }
}
