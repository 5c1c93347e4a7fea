package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.RecordedStatements;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a running instance asks its journal must not become slower with the number of ended sagas. */
@Tag("one-jdk")
@Timeout(120)
class FlatStatementsTest {
    private static final Pattern SCAN =
            Pattern.compile("SCAN (?!\\d+-ROW)(\\S+)(?: EXISTS)?(?: USING (?:COVERING )?INDEX (\\S+))?.*");
    /** Half of a table or more may have the same value, or any value at all. */
    private static final Pattern SEARCH = Pattern.compile(
            "SEARCH (\\S+) USING (?:COVERING )?INDEX (\\S+) \\((?:(?:state|kind|action)=\\?|source_key>\\?)\\)");

    /** Tables, and parts of a query, whose number of rows does not grow with the history. */
    private static final Set<String> SMALL = Set.of(
            "archived_total",
            "audit_head",
            "journal_epoch",
            "legal_hold", // people place them
            "h",
            "main.sqlite_master",
            "node",
            "receipt_head",
            "receipt_key",
            "singleton_lease",
            "source_claim", // one row for each unfinished saga
            "attention",
            "part",
            "received",
            "planned", // the rows of the statement itself
            "CONSTANT");

    /** Indexes of rows that wait for work: they leave the index when it is done. */
    private static final Set<String> WORK = Set.of(
            "cleanup_commanded",
            "cleanup_due",
            "cleanup_open",
            "deletion_due",
            "document_version_outstanding",
            "event_undelivered",
            "receipt_not_copied",
            "saga_commanded",
            "saga_late_writes",
            "saga_redelivery_due",
            "saga_unfinished",
            "saga_unpublished",
            "saga_without_receipt",
            "saga_without_source_key");

    /** Beginnings of statements that read a whole state, and why that is no matter of the history. */
    private static final Map<String, String> BOUNDED = Map.of(
            "SELECT saga_id, file_name, ", "a page: each part has an index in its order, and a limit",
            "SELECT c.*, s.document_id FROM cleanup c ", "a page, or all open entries for the report of them",
            "SELECT count(*) FROM (SELECT cleanup_id ", "entries that a person asks for; there is a limit",
            "SELECT count(*) FROM (SELECT saga_id FROM saga WHERE state = 'PARTIALLY_COMPENSATED'",
                    "sagas with open clean-up entries",
            "SELECT state, count(*) AS n FROM saga WHERE saga_id IN (", "sagas with open clean-up entries",
            "SELECT count(*) FROM saga WHERE state = 'PARTIALLY_COMPENSATED'", "sagas with open clean-up entries",
            "SELECT state, count(*) AS sagas, ", "sagas without an outcome",
            "SELECT (SELECT count(*) FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL",
                    "documents that are not visible yet, and deletions that are not finished",
            "SELECT 'COMPLETED' AS state, count(*) AS n FROM (SELECT saga_id ",
                    "what a person selects by a filter; there is a limit");

    private static final List<String> READS = List.of(
            "/api/sagas",
            "/api/sagas?state=COMPLETED,COMPENSATED",
            "/api/sagas?attention=true",
            "/api/sagas?name=first.txt",
            "/api/sagas?owner=root",
            "/api/sagas?reason=STORE_FAILED",
            "/api/sagas?warning=any",
            "/api/sagas?after=2026-03-01",
            "/api/counts",
            "/api/counts?state=COMPLETED",
            "/api/statistics",
            "/api/cleanups",
            "/api/cleanups?all=true&step=graph",
            "/api/audit",
            "/observe/metrics",
            "/observe/health");

    @Test
    void no_statement_of_a_running_instance_scans_a_table_that_grows(@TempDir Path directory) throws Exception {
        Path journal = directory.resolve("data").resolve("journal.db");
        try (RecordedStatements recorded = RecordedStatements.of(journal)) {
            try (StreamingSagaFixture saga = StreamingSagaFixture.start(
                    directory,
                    Map.of(
                            "saga.http.enabled", "true",
                            "saga.receipts", "on",
                            "saga.duplicates", "version",
                            "saga.drop.dir", directory.resolve("drop").toString(),
                            "saga.drop.stable-for", "0s",
                            "saga.drop.wait-for-writers", "false",
                            "saga.drop.interval", "100ms"))) {
                use(saga, directory, "first.txt");
                saga.restart();
                use(saga, directory, "second.txt");
            }
            assertThat(recorded.statements()).hasSizeGreaterThan(100);
            List<String> found = new ArrayList<>();
            for (String statement : recorded.statements()) {
                if (BOUNDED.keySet().stream().noneMatch(statement::startsWith)) {
                    found.addAll(scans(journal, statement));
                }
            }
            assertThat(found).isEmpty();
        }
    }

    private static void use(StreamingSagaFixture saga, Path directory, String name) throws Exception {
        URI address = saga.application().address().orElseThrow();
        ApiClient api = new ApiClient(address);
        try (InputStream page = address.resolve("/api/events").toURL().openStream()) {
            assertThat(page.read()).isPositive();
            read(api);
            Answer stored = put(api, name);
            put(api, name);
            Files.writeString(directory.resolve("drop").resolve(name + "-dropped.txt"), "Dropped " + name);
            await().until(() -> api.get("/api/sagas?name=" + name + "-dropped.txt&state=COMPLETED")
                            .json()
                            .path("sagas")
                            .size()
                    == 1);
            leaveResidue(saga, api, name);
            String document =
                    "/api/documents/" + stored.json().path("documentId").asText();
            api.get(document);
            api.get(document + "/versions");
            api.get("/api/sagas/" + stored.json().path("sagaId").asText());
            Answer deleted =
                    api.send("DELETE", document + "?reason=test", BodyPublishers.noBody(), "Prefer", "wait=60");
            assertThat(deleted.json().path("state").asText()).isEqualTo("DELETED");
            read(api);
        }
    }

    private static void read(ApiClient api) {
        for (String path : READS) {
            assertThat(api.get(path).status()).as(path).isEqualTo(200);
        }
    }

    private static Answer put(ApiClient api, String name) {
        Answer stored = api.put(name, ("Text of " + name).getBytes(StandardCharsets.UTF_8), "Prefer", "wait=60");
        assertThat(stored.json().path("status").asText()).isEqualTo("COMPLETED");
        return stored;
    }

    /** A saga that cannot be compensated at first. */
    private static void leaveResidue(StreamingSagaFixture saga, ApiClient api, String name) {
        saga.execute(
                "relational",
                "CREATE TRIGGER refuse BEFORE INSERT ON relational_document BEGIN SELECT"
                        + " RAISE(ABORT, 'refused on purpose'); END");
        saga.execute(
                "security",
                "CREATE TRIGGER refuse BEFORE DELETE ON security_document BEGIN SELECT"
                        + " RAISE(ABORT, 'refused on purpose'); END");
        Answer failed = api.put("failing-" + name, "Text".getBytes(StandardCharsets.UTF_8), "Prefer", "wait=60");
        assertThat(failed.json().path("status").asText()).isEqualTo("PARTIALLY_COMPENSATED");
        saga.execute("relational", "DROP TRIGGER refuse");
        saga.execute("security", "DROP TRIGGER refuse");
        for (JsonNode cleanup : api.get("/api/cleanups").json().path("cleanups")) {
            api.send("POST", "/api/cleanups/" + cleanup.path("id").asText() + "/retry", BodyPublishers.noBody());
        }
    }

    private static boolean reads(Matcher plan) {
        return plan.matches() && !SMALL.contains(plan.group(1)) && !WORK.contains(String.valueOf(plan.group(2)));
    }

    private static List<String> scans(Path journal, String statement) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + journal);
                Statement explain = connection.createStatement();
                ResultSet row = explain.executeQuery("EXPLAIN QUERY PLAN " + statement)) {
            while (row.next()) {
                String detail = row.getString("detail");
                if (reads(SCAN.matcher(detail)) || reads(SEARCH.matcher(detail))) {
                    found.add(detail + " || " + statement);
                }
            }
        }
        return found;
    }
}
