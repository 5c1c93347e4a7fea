package dev.streamingsaga.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store that a user adds with one YAML file and one word of configuration; its routes do not deal with sagas. */
@Tag("one-jdk")
@Timeout(120)
class CustomParticipantTest {
    private static final String LAST = "security,vector,graph,relational,notes";
    private static final String IN_THE_MIDDLE = "security,vector,notes,graph,relational";

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private Path file;

    @AfterEach
    void stop() {
        saga.close();
    }

    @Test
    void a_store_with_two_routes_is_written_with_the_others() throws Exception {
        start(LAST, "");

        IngestResult good = saga.ingest(file);

        assertThat(good.status()).as("%s", good).isEqualTo("COMPLETED");
        assertThat(notes()).containsExactly(good.sagaId() + " " + good.documentId() + " keeper.txt");
        assertThat(good.steps())
                .extracting(step -> step.name() + " " + step.state())
                .contains("notes WRITTEN");
        assertThat(good.stores())
                .as("a store without a count route has no count")
                .doesNotContainKey("notes");
    }

    @Test
    void the_number_of_pieces_that_the_users_store_reports_is_journaled() throws Exception {
        start(LAST, "", "        - setHeader: {name: SagaExpected, constant: 1}\n");

        IngestResult good = saga.ingest(file);

        assertThat(saga.journal().steps().of(good.sagaId()))
                .filteredOn(step -> step.name().equals("notes"))
                .singleElement()
                .satisfies(step -> assertThat(step.expected()).hasValue(1));
    }

    @Test
    void a_route_file_whose_store_is_not_a_participant_is_not_loaded() throws Exception {
        start("security,vector,graph,relational", "");

        assertThat(saga.ingest(file).status()).isEqualTo("COMPLETED");

        assertThat(notes()).isEmpty();
    }

    @Test
    void compensates_the_users_store_when_a_later_step_fails() throws Exception {
        start(IN_THE_MIDDLE, "");

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).isEqualTo("COMPENSATED");
        failed.assertCompensatedExcept();
        assertThat(failed.step("notes")).isEqualTo("COMPENSATED");
        assertThat(notes()).isEmpty();
        assertThat(saga.column("notes", "SELECT what FROM history")).containsExactly("written", "removed");
        saga.assertNothingAnywhere();
        LateFailure.assertCompletes(saga, file);
    }

    @Test
    void compensates_all_stores_when_the_users_store_fails() throws Exception {
        start(LAST, "");
        saga.execute(
                "notes", "CREATE TRIGGER refuse BEFORE INSERT ON note BEGIN SELECT RAISE(ABORT, 'no more notes'); END");

        IngestResult refused = saga.ingest(file);

        assertThat(refused.status()).as("%s", refused).isEqualTo("COMPENSATED");
        assertThat(refused.reason()).isEqualTo("STORE_FAILED");
        assertThat(refused.message()).contains("notes", "no more notes");
        saga.assertNothingAnywhere();
        assertThat(notes()).isEmpty();
        assertThat(refused.steps())
                .extracting(step -> step.name() + " " + step.state())
                .contains("relational COMPENSATED", "notes COMPENSATED", "finalize PENDING");

        saga.execute("notes", "DROP TRIGGER refuse");
        LateFailure.assertCompletes(saga, file);
        assertThat(notes()).hasSize(1);
    }

    @Test
    void does_not_touch_the_users_store_when_an_earlier_step_fails() throws Exception {
        start(LAST, "");
        saga.execute(
                "relational",
                "CREATE TRIGGER refuse BEFORE INSERT ON relational_document BEGIN SELECT RAISE(ABORT, 'refused'); END");

        IngestResult refused = saga.ingest(file);

        assertThat(refused.status()).isEqualTo("COMPENSATED");
        saga.assertNothingAnywhere();
        assertThat(saga.column("notes", "SELECT what FROM history")).isEmpty();
        assertThat(refused.steps())
                .extracting(step -> step.name() + " " + step.state())
                .contains("notes PENDING");
    }

    @Test
    void a_failed_compensation_of_the_users_store_becomes_a_clean_up_entry() throws Exception {
        start(IN_THE_MIDDLE, "");
        saga.execute(
                "notes",
                "CREATE TRIGGER refuse BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'notes are for ever'); END");

        LateFailure failed = LateFailure.of(saga, file);

        assertResidue(failed, "notes:" + failed.sagaId(), "notes are for ever");
    }

    /** The route reports success; the count route reports the data that is still there. */
    @Test
    void a_compensation_that_does_nothing_is_detected_by_the_count_route() throws Exception {
        start(
                IN_THE_MIDDLE,
                route("-count", "sql:select count(*) from note where saga_id = :#sagaId", ", outputType: SelectOne"));
        saga.execute("notes", "CREATE TRIGGER refuse BEFORE DELETE ON note BEGIN SELECT RAISE(IGNORE); END");

        LateFailure failed = LateFailure.of(saga, file);

        assertResidue(failed, "notes:" + failed.sagaId(), "still there");
    }

    private void assertResidue(LateFailure failed, String resource, String error) throws IOException {
        assertThat(failed.result().status()).as("%s", failed.result()).isEqualTo("PARTIALLY_COMPENSATED");
        failed.assertCompensatedExcept();
        saga.assertNothingAnywhere();
        assertThat(notes()).hasSize(1);
        assertThat(failed.entries())
                .extracting(CleanupEntry::step, CleanupEntry::resource)
                .containsExactly(tuple("notes", resource));
        assertThat(failed.entries().get(0).lastError()).contains(error);
        failed.assertWarned(0, 1, 100.0, "notes 1");

        saga.execute("notes", "DROP TRIGGER refuse");
        assertThat(Internals.engine(saga.application().bundle())
                        .retry(failed.entries().get(0)))
                .isEmpty();
        assertThat(notes()).isEmpty();
        failed.assertFullyCompensated();
        LateFailure.assertCompletes(saga, file);
    }

    @Test
    void a_deletion_removes_from_a_store_that_cannot_hide() throws Exception {
        start(IN_THE_MIDDLE, "");
        IngestResult good = saga.ingest(file);
        SagaOperator operator = saga.application().bundle().operator();

        Deletion deletion =
                operator.awaitDeletion(operator.delete(good.documentId(), "a test", "tester"), Duration.ofSeconds(60));

        assertThat(deletion.state()).isEqualTo(DeletionState.DELETED);
        assertThat(notes()).isEmpty();
        assertThat(saga.column("notes", "SELECT what FROM history")).as("once").containsExactly("written", "removed");
        saga.assertNothingAnywhere();
    }

    @Test
    void the_users_alert_route_gets_the_alert() throws Exception {
        Path alerts = directory.resolve("alerts");
        routes("alert.camel.yaml", """
                - route:
                    id: saga-alert
                    from:
                      uri: direct:saga-alert
                      steps:
                        - setBody:
                            simple: "${body[severity]} ${body[type]} ${body[sagaId]} ${body[failedChunks]}/${body[totalChunks]} ${body[successRate]}"
                        - to: file:%s?fileName=alert.txt&fileExist=Fail
                """.formatted(alerts));
        start(IN_THE_MIDDLE, "");
        saga.execute(
                "notes",
                "CREATE TRIGGER refuse BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'notes are for ever'); END");

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(alerts.resolve("alert.txt"))
                .hasContent("WARNING PARTIAL_ROLLBACK " + failed.sagaId() + " 0/1 100.0");
    }

    @Test
    void a_failing_alert_route_changes_neither_outcome_nor_report() throws Exception {
        routes("alert.camel.yaml", """
                - route:
                    id: saga-alert
                    from:
                      uri: direct:saga-alert
                      steps:
                        - throwException:
                            exceptionType: java.lang.IllegalStateException
                            message: pager is off
                """);
        start(IN_THE_MIDDLE, "");
        saga.execute(
                "notes",
                "CREATE TRIGGER refuse BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'notes are for ever'); END");

        LateFailure failed = LateFailure.of(saga, file);

        assertResidue(failed, "notes:" + failed.sagaId(), "notes are for ever");
    }

    private void start(String participants, String more) throws IOException {
        start(participants, more, "");
    }

    /**
     * @param more routes in addition to the two that a store must have
     * @param answer last step of the write route
     */
    private void start(String participants, String more, String answer) throws IOException {
        Path database = directory.resolve("data/notes.db");
        routes(
                "store-notes.camel.yaml",
                """
                - beans:
                    - name: notes-db
                      type: org.sqlite.SQLiteDataSource
                      properties:
                        url: "jdbc:sqlite:%s?busy_timeout=10000"
                """.formatted(database)
                        + route(
                                "",
                                "sql:insert into note (saga_id, document_id, file_name) values (:#sagaId, :#documentId, :#fileName)",
                                "")
                        + answer
                        + route("-compensate", "sql:delete from note where saga_id = :#sagaId", "")
                        + more);
        saga = StreamingSagaFixture.start(directory, Map.of("saga.participants", participants));
        file = saga.text("keeper.txt", 20);
        Stream.of(
                        "CREATE TABLE note (saga_id TEXT PRIMARY KEY, document_id TEXT, file_name TEXT)",
                        "CREATE TABLE history (what TEXT)",
                        "CREATE TRIGGER written AFTER INSERT ON note BEGIN INSERT INTO history VALUES ('written'); END",
                        "CREATE TRIGGER removed AFTER DELETE ON note BEGIN INSERT INTO history VALUES ('removed'); END")
                .forEach(sql -> saga.execute("notes", sql));
    }

    private static String route(String suffix, String statement, String parameters) {
        return """
                - route:
                    id: saga-store-notes%1$s
                    from:
                      uri: direct:saga-store-notes%1$s
                      steps:
                        - to:
                            uri: "%2$s"
                            parameters: {dataSource: "#notes-db"%3$s}
                """.formatted(suffix, statement, parameters);
    }

    private void routes(String name, String yaml) throws IOException {
        Files.writeString(Files.createDirectories(directory.resolve("routes")).resolve(name), yaml);
    }

    private List<String> notes() {
        return saga.column("notes", "SELECT saga_id || ' ' || document_id || ' ' || file_name FROM note");
    }
}
