package dev.streamingsaga.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.config.RetentionPeriod;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Databases.OpenDatabase;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

/** The file of a journal does not grow from one period to the next; the audit log checks after its archiving. */
@Tag("unit")
@Timeout(600)
class JournalRetentionTest {
    private static final int SAGAS = Integer.getInteger("retention.sagas", 300);
    private static final Optional<RetentionPeriod> PERIOD = Optional.of(RetentionPeriod.parse("P90D"));

    @TempDir
    Path data;

    private final HandClock clock = new HandClock();
    private OpenDatabase database;
    private JdbcTemplate sql;
    private Journal journal;

    @BeforeEach
    void open() throws Exception {
        MigratedDatabases.copyTo(Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", "")));
        database = Databases.open("journal", new Database(Optional.empty(), "", "", 4, Duration.ofSeconds(10)), data);
        sql = new JdbcTemplate(database.dataSource());
        journal = new Journal(database.dataSource(), clock, "one", Duration.ofSeconds(30));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static RetentionPass pass() {
        return new RetentionPass(1_000_000, 20, () -> true);
    }

    /** Sagas that were undone, with their steps and events: copies of one. */
    private void undone(int round) throws Exception {
        Path file = Files.write(data.resolve("letter-" + round + ".bin"), new byte[100]);
        String saga = journal.registration()
                .receive(new NewSaga(
                        file, List.of("vector", "graph"), Duration.ofHours(1), "owner", "internal", "none", true))
                .saga()
                .sagaId();
        journal.outcomes().beginCompensation(saga, 1, Reason.CANCELLED, "a test");
        journal.outcomes().finishCompensation(saga, 1, open -> List.of());
        for (String table : List.of("saga", "step", "event")) {
            List<String> columns =
                    sql.queryForList("SELECT name FROM pragma_table_info('" + table + "')", String.class);
            sql.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + (SAGAS - 1)
                    + ") INSERT INTO " + table + " (" + String.join(", ", columns) + ") SELECT "
                    + columns.stream().map(column -> copied(column, round)).collect(Collectors.joining(", "))
                    + " FROM n, " + table + " t WHERE t.saga_id = '" + saga + "'");
        }
    }

    private static String copied(String column, int round) {
        return switch (column) {
            case "saga_id" -> "printf('0%05d%020d', " + round + ", n.i)";
            case "event_id" -> "t.event_id || printf('-%020d', n.i)";
            case "source", "source_key", "delivery" -> "t." + column + " || n.i";
            default -> "t." + column;
        };
    }

    private long fileSize() throws Exception {
        sql.queryForList("PRAGMA wal_checkpoint(TRUNCATE)");
        return Files.size(data.resolve("journal.db"));
    }

    @Test
    void the_journal_uses_the_space_of_archived_sagas_again() throws Exception {
        JournalRetention rule = new JournalRetention(journal, data, PERIOD);
        undone(1);
        long first = fileSize();
        clock.forward(Duration.ofDays(36_500));
        RuleReport report = rule.run(pass());
        long retained = fileSize();
        undone(2);
        long second = fileSize();
        clock.forward(Duration.ofDays(91));
        rule.run(pass());
        undone(3);
        long third = fileSize();

        System.out.printf(
                "%d sagas: %d bytes; after retention %.3f, again %.3f, and again %.3f%n",
                SAGAS, first, (double) retained / first, (double) second / first, (double) third / first);
        assertThat(report.count()).isEqualTo(SAGAS);
        assertThat(journal.statistics().compensated()).isEqualTo(3L * SAGAS);
        assertThat(Math.max(second, third)).isLessThan(first + first / 4);
    }

    @Test
    void the_audit_log_checks_after_its_oldest_entries_were_archived() throws Exception {
        AuditRetention rule = new AuditRetention(journal, data, PERIOD);
        for (int i = 0; i < 3; i++) {
            journal.audit().record(Actor.system("test"), AuditAction.INGEST, null, null, Map.of());
        }
        clock.forward(Duration.ofDays(100));
        journal.audit().record(Actor.system("test"), AuditAction.INGEST, null, null, Map.of());
        assertThat(rule.preview(pass()).ids()).containsExactly("1", "2", "3");

        RuleReport report = rule.run(pass());

        assertThat(report.ids()).containsExactly("1", "2", "3");
        assertThat(Files.readAllLines(data.resolve("archive").resolve(report.file())))
                .hasSize(3);
        assertThat(sql.queryForList("SELECT action FROM audit_entry ORDER BY seq", String.class))
                .containsExactly("INGEST", "RETENTION");
        assertThat(journal.audit().check(List.of()).findings()).isEmpty();
        assertThat(rule.run(pass()).count()).as("young entries stay").isZero();
    }
}
