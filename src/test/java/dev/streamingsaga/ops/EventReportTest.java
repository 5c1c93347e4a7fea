package dev.streamingsaga.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

@Tag("unit")
class EventReportTest {
    private final HandClock clock = new HandClock();

    @TempDir
    Path data;

    private Databases.OpenDatabase database;
    private JdbcTemplate sql;
    private Journal journal;
    private Path file;
    private EventReport report;

    @BeforeEach
    void open() {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        database = Databases.open("journal", config.servers().journal(), data);
        sql = new JdbcTemplate(database.dataSource());
        journal = new Journal(database.dataSource(), clock, "one");
        file = data.resolve("alerts.json");
        report = restarted();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private EventReport restarted() {
        return new EventReport(journal, EventKind.ALERT, Event::message, file);
    }

    private void alert(String text) {
        journal.events().append("saga", EventKind.ALERT, "", text, "");
    }

    private List<String> updated() throws IOException {
        report.update();
        return Files.readAllLines(file);
    }

    /** Changes the first line of the file: whoever writes it again undoes that. */
    private void mark() throws IOException {
        List<String> lines = Files.readAllLines(file);
        lines.set(0, "X");
        Files.write(file, lines);
    }

    @Test
    void has_the_events_of_its_kind_in_order_and_exists_without_any() throws Exception {
        assertThat(updated()).isEmpty();
        alert("a");
        journal.events().append("saga", EventKind.CRITICAL, "", "critical", "");
        alert("b");
        assertThat(updated()).containsExactly("a", "b");
        alert("c");
        assertThat(updated()).containsExactly("a", "b", "c");
    }

    @Test
    void what_was_written_minutes_ago_is_not_written_again_not_even_by_the_next_process() throws Exception {
        alert("a");
        updated();
        clock.forward(Duration.ofMinutes(6));
        alert("b");
        updated();
        mark();
        alert("c");

        assertThat(updated()).containsExactly("X", "b", "c");
        report = restarted();
        alert("d");
        assertThat(updated()).containsExactly("X", "b", "c", "d");
    }

    @Test
    void an_event_that_another_node_commits_late_gets_its_place() throws Exception {
        alert("a");
        updated();
        clock.forward(Duration.ofMinutes(6));
        alert("b");
        alert("d");
        updated();
        String after = sql.queryForObject("SELECT event_id FROM event WHERE message = 'b'", String.class);
        sql.update(
                "INSERT INTO event (event_id, saga_id, at, kind, message) VALUES (?, 'saga', ?, 'ALERT', 'c')",
                after + "0",
                clock.millis());

        assertThat(updated()).containsExactly("a", "b", "c", "d");
    }

    @Test
    void is_written_again_if_it_was_removed_cut_or_is_of_another_journal() throws Exception {
        alert("a");
        alert("b");
        updated();
        clock.forward(Duration.ofMinutes(6));
        updated();

        Files.delete(file);
        assertThat(updated()).containsExactly("a", "b");
        Files.writeString(file, "a");
        assertThat(updated()).containsExactly("a", "b");
        mark();
        sql.update("UPDATE journal_epoch SET epoch = 'another'");
        report = restarted();
        assertThat(updated()).containsExactly("a", "b");
        mark();
        sql.update("DELETE FROM event WHERE message = 'b'");
        report = restarted();
        assertThat(updated()).as("restored to an older moment").containsExactly("a");
    }

    @Test
    void more_events_than_fit_a_page_are_written_in_order() throws Exception {
        List<String> expected =
                IntStream.range(0, 1300).mapToObj(i -> "event " + i).toList();
        journal.audit().inTransaction(() -> expected.subList(0, 1200).forEach(this::alert));
        clock.forward(Duration.ofMinutes(6));
        journal.audit().inTransaction(() -> expected.subList(1200, 1300).forEach(this::alert));

        assertThat(updated()).isEqualTo(expected);
        assertThat(updated()).isEqualTo(expected);
    }
}
