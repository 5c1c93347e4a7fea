package dev.streamingsaga.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.LegalHold.Subject;
import dev.streamingsaga.operations.RetentionOperator;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Documents that are old enough are deleted; those that are held, young or of another classification stay. */
@Tag("one-jdk")
@Timeout(120)
class DocumentRetentionTest {
    private static final Map<String, String> SETTINGS = Map.of(
            "saga.retention.interval", "7d",
            "saga.retention.documents.internal", "P10D",
            "saga.retention.documents.public", "P1Y");

    @TempDir
    Path directory;

    private StreamingSagaFixture start(Map<String, String> more) throws Exception {
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.putAll(more);
        return StreamingSagaFixture.start(directory, settings);
    }

    private static IngestResult stored(StreamingSagaFixture saga, String name, int daysAgo) throws Exception {
        IngestResult stored = saga.ingest(saga.text(name, 3));
        assertThat(stored.status()).isEqualTo("COMPLETED");
        age(saga, stored.sagaId(), daysAgo);
        return stored;
    }

    private static void age(StreamingSagaFixture saga, String sagaId, int days) throws SQLException {
        String journal = saga.config().dataDir().resolve("journal.db").toString();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + journal + "?busy_timeout=20000");
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE saga SET finished_at = finished_at - "
                    + Duration.ofDays(days).toMillis() + " WHERE saga_id = '" + sagaId + "'");
        }
    }

    private static RuleReport pass(StreamingSagaFixture saga) {
        RetentionOperator retention = saga.application().operator().retention();
        retention.run();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> retention.progress().state() != RetentionReport.State.RUNNING);
        assertThat(retention.progress().state()).isEqualTo(RetentionReport.State.DONE);
        return rule(retention.progress());
    }

    private static RuleReport rule(RetentionReport report) {
        return report.rules().stream()
                .filter(rule -> rule.rule().equals("documents"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void old_documents_are_deleted_except_held_ones() throws Exception {
        try (StreamingSagaFixture saga = start(Map.of())) {
            IngestResult old = stored(saga, "old.txt", 11);
            IngestResult young = stored(saga, "young.txt", 9);
            IngestResult held = stored(saga, "held.txt", 30);
            String hold = saga.journal()
                    .legalHolds()
                    .place(Subject.DOCUMENT, held.documentId(), "case 7", "officer")
                    .orElseThrow()
                    .holdId();

            RuleReport preview = rule(saga.application().operator().retention().preview());
            assertThat(preview.ids()).containsExactly(old.documentId());
            assertThat(saga.journal().sagas().ofDocument(old.documentId()))
                    .as("a preview changes nothing")
                    .isPresent();
            RuleReport done = pass(saga);

            assertThat(done.period()).isEqualTo("public P1Y, internal P10D");
            assertThat(done.ids()).containsExactly(old.documentId());
            assertThat(done.heldItems())
                    .containsExactly(new RuleReport.HeldItem(held.documentId(), "legal hold " + hold + ": case 7"));
            Deletion deletion =
                    saga.journal().deletions().ofDocument(old.documentId()).orElseThrow();
            assertThat(deletion.state()).isEqualTo(DeletionState.DELETED);
            assertThat(deletion.requestedBy()).isEqualTo("retention");
            assertThat(deletion.reason()).startsWith("retention P10D, completed ");
            for (IngestResult stays : new IngestResult[] {young, held}) {
                assertThat(saga.journal().sagas().ofDocument(stays.documentId()))
                        .isPresent();
            }
            assertThat(saga.journal()
                            .audit()
                            .page(
                                    new AuditFilter(
                                            Optional.of(old.documentId()),
                                            Optional.empty(),
                                            Optional.of(AuditAction.RETENTION),
                                            Optional.empty()),
                                    0,
                                    10))
                    .extracting(AuditEntry::actor)
                    .containsExactly("retention");
            assertThat(pass(saga).count()).as("nothing is left").isZero();

            saga.journal().legalHolds().release(hold, "closed", "officer");
            assertThat(pass(saga).ids()).containsExactly(held.documentId());
        }
    }

    @Test
    void a_pass_has_a_limit_and_the_next_one_continues() throws Exception {
        try (StreamingSagaFixture saga = start(Map.of("saga.retention.max-per-pass", "1"))) {
            IngestResult older = stored(saga, "a.txt", 30);
            IngestResult newer = stored(saga, "b.txt", 20);

            RuleReport first = pass(saga);
            assertThat(first.ids()).as("the oldest first").containsExactly(older.documentId());
            assertThat(first.complete()).isFalse();
            assertThat(pass(saga).ids()).containsExactly(newer.documentId());
        }
    }

    @Test
    void without_a_period_nothing_is_deleted() throws Exception {
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory, Map.of())) {
            IngestResult old = stored(saga, "old.txt", 10_000);

            RetentionReport report = saga.application().operator().retention().preview();

            assertThat(report.rules()).isEmpty();
            assertThat(saga.journal().sagas().ofDocument(old.documentId())).isPresent();
        }
    }
}
