package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditLog;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.receipt.ReceiptFinding;
import dev.streamingsaga.testkit.ChildJava;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sqlite.SQLiteDataSource;

/**
 * The process is killed at the side effects of a pass of retention. Nothing is removed then that is not archived, and
 * the next pass continues. All kills run with {@code -Pcrash-matrix}, a sample of them in each build.
 */
@Tag("one-jdk")
@Tag("own-jvm")
class RetentionCrashTest {
    private static final List<String> UNDONE = List.of("0".repeat(25) + "1", "0".repeat(25) + "2");
    private static final List<String> AUDITED = List.of("1", "2", "3");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path directory;

    private static Path template;
    private static String old;
    private static String held;
    private static String young;

    @BeforeAll
    static void prepare() throws Exception {
        ChildJava.prepare();
        template = Files.createDirectories(directory.resolve("template"));
        End stored = ChildJvm.run(template, settings(), "ingest", file("old"), file("held"), file("young"));
        assertThat(stored.exit()).as("%s", Files.readString(stored.log())).isZero();
        old = saga("old");
        held = saga("held");
        young = saga("young");
        execute("UPDATE saga SET finished_at = finished_at - "
                + Duration.ofDays(30).toMillis() + " WHERE saga_id IN ('" + old + "', '" + held + "')");
        execute("INSERT INTO legal_hold (hold_id, subject, value, reason, placed_by, placed_at) SELECT 'h', 'DOCUMENT',"
                + " document_id, 'case 7', 'officer', 1 FROM saga WHERE saga_id = '" + held + "'");
        execute("INSERT INTO event (event_id, saga_id, at, kind, message) VALUES ('" + UNDONE.get(0) + "', '" + held
                + "', 1, 'STATE', 'old')");
        for (String undone : UNDONE) {
            execute("INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source,"
                    + " file_name, owner, classification, key_id, received_at, updated_at, finished_at) VALUES ('"
                    + undone + "', 'COMPENSATED', 1, 'one', 0, 0, 'security', '/in/a', 'a', 'o', 'internal', 'k', 0, 0,"
                    + " 1)");
        }
        auditLongAgo();
    }

    private static Map<String, String> settings() {
        return new LinkedHashMap<>(Map.of(
                "saga.participants", "security,relational",
                "saga.receipts", "on",
                "saga.retention.interval", "7d",
                "saga.retention.documents", "P10D",
                "saga.retention.journal", "P9D",
                "saga.retention.audit", "P9D"));
    }

    private static String file(String name) throws IOException {
        return Files.writeString(directory.resolve(name + ".txt"), "The keeper counts gulls: " + name)
                .toString();
    }

    private static String saga(String name) throws Exception {
        return Oracle.rows(template, "journal", "SELECT saga_id FROM saga WHERE file_name = '" + name + ".txt'")
                .get(0);
    }

    private static void execute(String statement) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + template.resolve("journal.db"));
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        }
    }

    /** Hashes contain the times of entries, so a new log replaces that of the template. */
    private static void auditLongAgo() throws Exception {
        Files.deleteIfExists(template.resolve("reports").resolve("audit_anchor.json"));
        execute("DELETE FROM audit_entry");
        execute("UPDATE audit_head SET seq = 0, hash = '" + AuditEntry.NO_HASH + "'");
        SQLiteDataSource journal = new SQLiteDataSource();
        journal.setUrl("jdbc:sqlite:" + template.resolve("journal.db"));
        AuditLog log = new AuditLog(journal, Clock.fixed(Instant.ofEpochSecond(1), ZoneOffset.UTC), "one");
        for (String entry : AUDITED) {
            log.record(Actor.system("test"), AuditAction.INGEST, null, null, Map.of("entry", entry));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "before, journal, INSERT INTO deletion, false",
        "after, journal, UPDATE deletion SET, true",
        "before, s3, DeleteObject, false",
        "before, archive, journal-, false",
        "after, archive, journal-, true",
        "after, journal, DELETE FROM saga, true",
        "after, journal, DELETE FROM event WHERE event_id, false",
        "before, archive, audit-, false",
        "after, archive, audit-, true",
        "after, journal, DELETE FROM audit_entry, false",
    })
    void a_pass_that_is_killed_loses_nothing_and_is_continued(String when, String kind, String what, boolean isSample)
            throws Exception {
        assumeTrue(isSample || Boolean.getBoolean("crash.matrix"), "only with -Pcrash-matrix");
        Path data = copy((when + kind + what).replaceAll("[^A-Za-z]", ""));
        Map<String, String> kill = settings();
        kill.put("crash.at", "~" + new Point(kind, what, 1).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "retain");

        assertThat(killed.killed())
                .as("killed, but: %s", Files.readString(killed.log()))
                .isTrue();
        assertRemovedIsArchived(data);
        End end = ChildJvm.run(data, settings(), "retain");
        assertThat(end.exit()).as("%s", Files.readString(end.log())).isZero();
        assertRemovedIsArchived(data);
        assertThat(rows(data, "SELECT saga_id FROM saga ORDER BY saga_id")).containsExactlyInAnyOrder(old, held, young);
        assertThat(rows(data, "SELECT event_id FROM event WHERE message = 'old'"))
                .isEmpty();
        assertThat(rows(data, "SELECT min(seq) FROM audit_entry")).containsExactly("4");
        assertThat(rows(data, "SELECT state FROM deletion")).containsExactly("DELETED");
        assertThat(rows(data, "SELECT saga_id FROM saga WHERE deletion_id IS NOT NULL"))
                .containsExactly(old);
        assertWhole(data);
        Lane.remove(data);
    }

    private static List<String> rows(Path data, String query) throws Exception {
        return Oracle.rows(data, "journal", query);
    }

    /** Each saga, event or audit entry that is missing in the journal is in the archive: once, or twice. */
    private static void assertRemovedIsArchived(Path data) throws Exception {
        List<String> sagas = rows(data, "SELECT saga_id FROM saga");
        List<JsonNode> lines = lines(data);
        for (String undone : UNDONE) {
            long found = lines.stream()
                    .filter(line -> line.path("record").asText().equals("saga"))
                    .filter(line -> line.path("sagaId").asText().equals(undone))
                    .count();
            assertThat(found).as("lines of " + undone).isBetween(sagas.contains(undone) ? 0L : 1L, 2L);
        }
        long histories = lines.stream()
                .filter(line -> line.path("record").asText().equals("history"))
                .filter(line -> line.path("sagaId").asText().equals(held))
                .count();
        boolean isThere =
                !rows(data, "SELECT event_id FROM event WHERE message = 'old'").isEmpty();
        assertThat(histories).isBetween(isThere ? 0L : 1L, 2L);
        List<String> entries = rows(data, "SELECT seq FROM audit_entry");
        for (String entry : AUDITED) {
            long found = lines.stream()
                    .filter(line -> line.path("sequence").asText().equals(entry))
                    .count();
            assertThat(found).as("lines of entry " + entry).isBetween(entries.contains(entry) ? 0L : 1L, 2L);
        }
        assertThat(sagas).as("documents").contains(held, young);
        assertThat(rows(
                        data,
                        "SELECT (SELECT count(*) FROM saga) + (SELECT coalesce(sum(sagas), 0) FROM"
                                + " archived_total)"))
                .as("the total of sagas")
                .containsExactly("5");
    }

    private static List<JsonNode> lines(Path data) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        Path archive = data.resolve("archive");
        if (Files.exists(archive)) {
            try (Stream<Path> files = Files.list(archive)) {
                for (Path file : files.toList()) {
                    for (String line : Files.readAllLines(file)) {
                        lines.add(JSON.readTree(line));
                    }
                }
            }
        }
        return lines;
    }

    private static void assertWhole(Path data) {
        try (Inspection inspection = Inspection.open(Settings.parse(ChildJvm.settings(data, settings())))) {
            SagaReader reader = inspection.reader();
            assertThat(reader.documents()).extracting(SagaRecord::sagaId).containsExactlyInAnyOrder(held, young);
            for (SagaRecord document : reader.documents()) {
                assertThat(reader.verify(document, true)).isEmpty();
            }
            List<ReceiptFinding> findings = new ArrayList<>();
            assertThat(reader.checkReceipts(true, findings::add)).isGreaterThanOrEqualTo(3);
            assertThat(findings).isEmpty();
            assertThat(reader.checkAudit(List.of()).findings()).isEmpty();
        }
    }

    private static Path copy(String name) throws Exception {
        Path data = directory.resolve(name);
        Process process = new ProcessBuilder("cp", "-a", template.toString(), data.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0)
                .isTrue();
        return data;
    }
}
