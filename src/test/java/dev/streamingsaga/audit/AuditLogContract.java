package dev.streamingsaga.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.audit.AuditFinding.FindingKind;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.testkit.Background;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** What the audit log promises, on every database of a journal. Two nodes share it. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AuditLogContract {
    private static final Actor ANNA = Actor.key("anna");

    @TempDir
    Path directory;

    private Databases.OpenDatabase database;
    private JdbcTemplate sql;
    private HandClock clock;
    private AuditLog log;
    private AuditLog other;

    /** An empty database. */
    abstract Database database() throws Exception;

    /** Called before the database is opened. */
    void prepare(Path data) {}

    @BeforeEach
    void open() throws Exception {
        Path data = Files.createTempDirectory(directory, "data");
        prepare(data);
        database = Databases.open("journal", database(), data);
        sql = new JdbcTemplate(database.dataSource());
        clock = new HandClock();
        log = new AuditLog(database.dataSource(), clock, "one");
        other = new AuditLog(database.dataSource(), clock, "two");
    }

    @AfterEach
    void close() {
        if (database != null) {
            database.close();
        }
    }

    private void record(int count) {
        for (int i = 1; i <= count; i++) {
            log.record(ANNA, AuditAction.FETCH, "document" + i, null, Map.of("surface", "test"));
        }
    }

    private AuditReport check(AuditAnchor... anchors) {
        return log.check(List.of(anchors));
    }

    @Test
    void entries_say_who_did_what_when_to_which_document() {
        log.record(ANNA, AuditAction.FETCH, "d1", "s1", Map.of("z", "2", "a", "1"));
        clock.forward(Duration.ofSeconds(1));
        other.record(Actor.osUser(), AuditAction.SEARCH, null, null, Map.of());

        List<AuditEntry> page = log.page(AuditFilter.ALL, 0, 10);
        assertThat(page).extracting(AuditEntry::sequence).containsExactly(2L, 1L);
        AuditEntry first = page.get(1);
        assertThat(first)
                .returns("KEY", AuditEntry::kind)
                .returns("anna", AuditEntry::actor)
                .returns("FETCH", AuditEntry::action)
                .returns("d1", AuditEntry::documentId)
                .returns("s1", AuditEntry::sagaId)
                .returns("one", AuditEntry::node)
                .returns("{\"a\":\"1\",\"z\":\"2\"}", AuditEntry::details)
                .returns(Instant.parse("2026-11-22T10:00:00Z"), AuditEntry::at)
                .returns(AuditEntry.NO_HASH, AuditEntry::previousHash);
        assertThat(page.get(0).previousHash()).isEqualTo(first.hash());
        assertThat(log.newest()).isEqualTo(new AuditAnchor(2, page.get(0).hash()));
        assertThat(check().isClean()).isTrue();
    }

    /** Whoever has the documentation can check the log without this program. */
    @Test
    void the_hash_is_the_one_of_the_documentation() throws Exception {
        log.record(ANNA, AuditAction.FETCH, "d1", null, Map.of("name", "Müller\nx"));

        String text = "1\n1795341600000\nKEY\nanna\nFETCH\nd1\n\none\n{\"name\":\"Müller\uFFFDx\"}\n" + "0".repeat(64);
        assertThat(log.newest().hash())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void pages_are_filtered_by_document_actor_action_and_time() {
        log.record(ANNA, AuditAction.FETCH, "d1", null, Map.of());
        log.record(Actor.token("anna"), AuditAction.FETCH, "d2", null, Map.of());
        clock.forward(Duration.ofMinutes(1));
        log.record(ANNA, AuditAction.SEARCH, null, null, Map.of());

        assertThat(sequences(new AuditFilter(Optional.of("d2"), none(), none(), none())))
                .containsExactly(2L);
        assertThat(sequences(new AuditFilter(none(), Optional.of("anna"), none(), none())))
                .containsExactly(3L, 2L, 1L);
        assertThat(sequences(new AuditFilter(none(), Optional.of("KEY:anna"), none(), none())))
                .containsExactly(3L, 1L);
        assertThat(sequences(new AuditFilter(none(), none(), Optional.of(AuditAction.FETCH), none())))
                .containsExactly(2L, 1L);
        assertThat(sequences(new AuditFilter(none(), none(), none(), Optional.of(clock.instant()))))
                .containsExactly(3L);
        assertThat(log.page(AuditFilter.ALL, 3, 1))
                .extracting(AuditEntry::sequence)
                .containsExactly(2L);
    }

    private static <T> Optional<T> none() {
        return Optional.empty();
    }

    private List<Long> sequences(AuditFilter filter) {
        return log.page(filter, 0, 10).stream().map(AuditEntry::sequence).toList();
    }

    @Test
    void writers_on_several_nodes_do_not_fork_the_chain() {
        List<CompletableFuture<Void>> writers = IntStream.range(0, 6)
                .mapToObj(writer -> Background.<Void>run("writer-" + writer, () -> {
                    for (int i = 0; i < 25; i++) {
                        (writer % 2 == 0 ? log : other)
                                .record(Actor.key("k" + writer), AuditAction.SEARCH, null, null, Map.of());
                    }
                    return null;
                }))
                .toList();
        writers.forEach(CompletableFuture::join);

        assertThat(check()).returns(150L, AuditReport::entries).returns(List.of(), AuditReport::findings);
    }

    @Test
    void an_entry_of_a_transaction_is_written_with_it_or_not_at_all() {
        assertThatThrownBy(() -> log.recordWith(
                        () -> {
                            throw new IllegalStateException("refused");
                        },
                        ANNA,
                        AuditAction.PAUSE,
                        "s1",
                        Map.of()))
                .hasMessage("refused");
        assertThat(log.newest().sequence()).isZero();

        log.recordWith(
                () -> {
                    log.record(ANNA, AuditAction.RETRY, null, "s1", Map.of());
                    assertThat(log.newest().sequence()).isZero();
                },
                ANNA,
                AuditAction.PAUSE,
                "s1",
                Map.of());
        assertThat(log.page(AuditFilter.ALL, 0, 10))
                .extracting(AuditEntry::action)
                .containsExactly("PAUSE", "RETRY");
        assertThat(check().isClean()).isTrue();
    }

    @Test
    void an_entry_that_cannot_be_written_is_an_error_for_the_caller() {
        sql.execute("ALTER TABLE audit_entry RENAME TO audit_elsewhere");

        assertThatThrownBy(() -> record(1)).isInstanceOf(RuntimeException.class);

        sql.execute("ALTER TABLE audit_elsewhere RENAME TO audit_entry");
        record(1);
        sql.update("DELETE FROM audit_head");
        assertThatThrownBy(() -> record(1)).hasMessageContaining("lost its end");
        assertThat(check().findings())
                .extracting(AuditFinding::kind, AuditFinding::sequence)
                .containsExactly(tuple(FindingKind.INSERTED, 1L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "at = at + 1",
                "actor_kind = 'TOKEN'",
                "actor = 'otto'",
                "action = 'SEARCH'",
                "document_id = ''",
                "saga_id = 'other'",
                "node = 'nowhere'",
                "details = '{}'",
                "previous_hash = hash",
                "hash = previous_hash"
            })
    void a_changed_entry_is_found(String change) {
        record(5);

        sql.update("UPDATE audit_entry SET " + change + " WHERE seq = 3");

        assertThat(check().findings()).singleElement().satisfies(finding -> {
            assertThat(finding.kind()).isEqualTo(FindingKind.CHANGED);
            assertThat(finding.sequence()).isEqualTo(3);
            assertThat(finding.message()).contains("entry 3");
        });
    }

    @Test
    void an_entry_replaced_with_its_hash_is_found_by_the_entry_that_follows() {
        record(5);

        replace(3, "otto");

        assertThat(check().findings())
                .singleElement()
                .returns(FindingKind.CHANGED, AuditFinding::kind)
                .returns(3L, AuditFinding::sequence);
    }

    /** As somebody would who knows the format. */
    private void replace(long sequence, String actor) {
        AuditEntry entry = log.after(sequence - 1, 1).get(0);
        String hash = new AuditEntry.Draft(
                        entry.atMillis(),
                        entry.kind(),
                        actor,
                        entry.action(),
                        entry.documentId(),
                        entry.sagaId(),
                        entry.node(),
                        entry.details())
                .after(sequence, previous(sequence))
                .hash();
        sql.update(
                "UPDATE audit_entry SET actor = ?, previous_hash = ?, hash = ? WHERE seq = ?",
                actor,
                previous(sequence),
                hash,
                sequence);
    }

    private String previous(long sequence) {
        return sequence == 1
                ? AuditEntry.NO_HASH
                : log.after(sequence - 2, 1).get(0).hash();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 5})
    void a_removed_entry_is_found(long removed) {
        record(5);

        sql.update("DELETE FROM audit_entry WHERE seq = ?", removed);

        assertThat(check().findings())
                .first()
                .returns(FindingKind.REMOVED, AuditFinding::kind)
                .returns(removed, AuditFinding::sequence);
    }

    @Test
    void an_inserted_entry_is_found() {
        record(5);

        LongStream.of(5, 4, 3).forEach(seq -> sql.update("UPDATE audit_entry SET seq = seq + 1 WHERE seq = ?", seq));
        insert(3);
        sql.update("UPDATE audit_head SET seq = 6");

        assertThat(check().findings())
                .first()
                .returns(FindingKind.INSERTED, AuditFinding::kind)
                .returns(3L, AuditFinding::sequence);
    }

    @Test
    void an_entry_added_at_the_end_is_found() {
        record(5);

        insert(6);

        assertThat(check().findings())
                .singleElement()
                .returns(FindingKind.INSERTED, AuditFinding::kind)
                .returns(6L, AuditFinding::sequence);
    }

    private void insert(long sequence) {
        sql.update(
                "INSERT INTO audit_entry (seq, at, actor_kind, actor, action, document_id, saga_id, node, details,"
                        + " previous_hash, hash) SELECT ?, at, actor_kind, actor, action, document_id, saga_id, node,"
                        + " details, previous_hash, hash FROM audit_entry WHERE seq = 1",
                sequence);
        replace(sequence, "otto");
    }

    @Test
    void reordered_entries_are_found() {
        record(5);

        sql.update("UPDATE audit_entry SET seq = 99 WHERE seq = 2");
        sql.update("UPDATE audit_entry SET seq = 2 WHERE seq = 4");
        sql.update("UPDATE audit_entry SET seq = 4 WHERE seq = 99");

        assertThat(check().findings())
                .extracting(AuditFinding::kind, AuditFinding::message)
                .containsExactly(
                        tuple(FindingKind.REORDERED, "entry 2 was written as entry 4"),
                        tuple(FindingKind.REORDERED, "entry 4 was written as entry 2"));
    }

    /** The limit of what a log in one database can prove. */
    @Test
    void newest_entries_removed_together_with_the_end_are_found_with_an_anchor_only() {
        record(5);
        AuditAnchor anchor = log.newest();

        sql.update("DELETE FROM audit_entry WHERE seq > 3");
        sql.update("UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_entry WHERE seq = 3)");

        assertThat(check().isClean()).isTrue();
        assertThat(log.contains(anchor)).isFalse();
        assertThat(check(anchor).findings())
                .singleElement()
                .returns(FindingKind.REMOVED, AuditFinding::kind)
                .returns(4L, AuditFinding::sequence);
    }

    @Test
    void a_log_that_was_written_again_is_found_with_an_anchor_only() {
        record(5);
        AuditAnchor anchor = log.newest();

        for (long sequence = 3; sequence <= 5; sequence++) {
            replace(sequence, sequence == 3 ? "otto" : "anna");
        }
        sql.update("UPDATE audit_head SET hash = (SELECT hash FROM audit_entry WHERE seq = 5)");

        assertThat(check().isClean()).isTrue();
        assertThat(check(anchor).findings()).singleElement().returns(FindingKind.CHANGED, AuditFinding::kind);
    }

    @Test
    void archived_entries_leave_a_chain_that_checks() {
        record(5);
        AuditAnchor anchor = log.newest();
        clock.forward(Duration.ofDays(1));
        record(2);
        List<AuditEntry> archive = new ArrayList<>();

        int removed = log.archive(Actor.system("retention"), clock.instant(), 3, archive::addAll);

        assertThat(removed).isEqualTo(3);
        assertThat(archive).extracting(AuditEntry::sequence).containsExactly(1L, 2L, 3L);
        assertThat(check(anchor, new AuditAnchor(1, archive.get(0).hash())).findings())
                .isEmpty();
        assertThat(log.archive(Actor.system("retention"), clock.instant(), 100, archive::addAll))
                .isEqualTo(2);
        assertThat(log.archive(Actor.system("retention"), clock.instant(), 100, archive::addAll))
                .isZero();
        assertThat(check(anchor)).returns(List.of(), AuditReport::findings).returns(4L, AuditReport::entries);
        assertThat(check(new AuditAnchor(5, "f".repeat(64))).findings()).hasSize(1);
    }

    @Test
    void a_beginning_that_was_removed_without_an_archive_is_found() {
        record(5);

        sql.update("UPDATE audit_head SET archived_seq = 2, archived_hash = (SELECT hash FROM audit_entry WHERE"
                + " seq = 2)");
        sql.update("DELETE FROM audit_entry WHERE seq <= 2");

        assertThat(check().findings())
                .singleElement()
                .returns(FindingKind.REMOVED, AuditFinding::kind)
                .returns(2L, AuditFinding::sequence);
    }

    @Test
    void an_archive_that_cannot_be_written_removes_nothing() {
        record(3);
        clock.forward(Duration.ofDays(1));

        assertThatThrownBy(() -> log.archive(Actor.system("retention"), clock.instant(), 10, entry -> {
                    throw new IllegalStateException("disk full");
                }))
                .hasMessage("disk full");

        assertThat(check()).returns(3L, AuditReport::entries).returns(List.of(), AuditReport::findings);
    }

    @Test
    void each_entry_is_exported_at_least_once_and_archived_only_after_that() {
        record(4);
        clock.forward(Duration.ofDays(1));
        List<Long> received = new ArrayList<>();

        assertThatThrownBy(() -> log.export(
                        entry -> {
                            if (entry.sequence() == 3) {
                                throw new IllegalStateException("the target is away");
                            }
                            received.add(entry.sequence());
                        },
                        100))
                .hasMessage("the target is away");
        assertThat(log.archive(Actor.system("retention"), clock.instant(), 100, entry -> {}))
                .isEqualTo(2);
        assertThat(other.export(entry -> received.add(entry.sequence()), 100)).isEqualTo(3);

        assertThat(received).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(other.export(entry -> received.add(entry.sequence()), 100)).isZero();
    }
}
