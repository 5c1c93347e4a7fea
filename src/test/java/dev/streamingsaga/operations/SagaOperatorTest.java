package dev.streamingsaga.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SagaOperatorTest {
    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private SagaOperator operator;

    @BeforeEach
    void start() throws IOException {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.participants", "security"));
        operator = saga.application().bundle().operator();
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    @Test
    void ingests_and_reads_back_what_it_has_stored() throws Exception {
        Path file = saga.text("a.txt", 20);
        IngestResult stored = operator.ingest(file);

        assertThat(operator.list(SagaQuery.ALL, 10).sagas())
                .extracting(SagaRecord::sagaId)
                .containsExactly(stored.sagaId());
        assertThat(operator.outcome(stored.sagaId(), Duration.ZERO).result())
                .hasValueSatisfying(result -> assertThat(result.stores()).containsEntry("security", 1L));
        assertThat(operator.status(stored.sagaId()).steps()).isNotEmpty();
        SagaRecord document = operator.document(String.valueOf(stored.documentId()));
        assertThat(operator.verify(document, true)).isEmpty();
        Path copy = directory.resolve("copy.txt");
        operator.fetch(String.valueOf(stored.documentId()), copy);
        assertThat(copy).hasSameBinaryContentAs(file);
    }

    @Test
    void verifies_a_document_in_the_state_of_its_bucket() throws Exception {
        IngestResult stored = operator.ingest(saga.text("a.txt", 20));
        SagaRecord document = operator.document(String.valueOf(stored.documentId()));
        Files.delete(saga.object(document.document().orElseThrow().keyPrefix() + "manifest.json"));

        assertThat(operator.verify(document, false)).hasSize(1);
        assertThat(operator.repair(document, false)).allMatch(drift -> drift.repaired());
        assertThat(operator.verify(document, false)).isEmpty();
    }

    @Test
    void refuses_commands_for_a_saga_that_has_its_outcome() {
        String sagaId = operator.ingest(saga.text("a.txt", 20)).sagaId();

        Map<OperatorCommand, Function<String, SagaRecord>> commands = Map.of(
                OperatorCommand.PAUSE, operator::pause,
                OperatorCommand.RESUME, operator::resume,
                OperatorCommand.CANCEL, operator::cancel);
        commands.forEach((command, execute) -> assertThatThrownBy(() -> execute.apply(sagaId))
                .isInstanceOfSatisfying(WrongStateException.class, refused -> {
                    assertThat(refused.sagaId()).isEqualTo(sagaId);
                    assertThat(refused.state()).isEqualTo(SagaState.COMPLETED);
                    assertThat(refused.command()).isEqualTo(command);
                }));

        assertThat(saga.journal().commands().find(sagaId)).isEmpty();
    }

    @Test
    void names_what_it_does_not_know() {
        List<Runnable> sagas = List.of(
                () -> operator.pause("nothing"), () -> operator.status("nothing"), () -> operator.result("nothing"));
        assertThat(sagas)
                .allSatisfy(call -> assertThatThrownBy(call::run)
                        .isInstanceOfSatisfying(
                                UnknownSagaException.class,
                                unknown -> assertThat(unknown.sagaId()).isEqualTo("nothing")));
        List<Runnable> cleanups = List.of(
                () -> operator.retryCleanup("nothing"),
                () -> operator.resolveCleanup("nothing", "because"),
                () -> operator.resolveCleanups("nothing", "because"));
        assertThat(cleanups)
                .allSatisfy(call -> assertThatThrownBy(call::run).isInstanceOf(UnknownCleanupException.class));
        assertThatThrownBy(() -> operator.fetch("nothing", directory.resolve("copy")))
                .isInstanceOf(UnknownDocumentException.class);
        assertThatThrownBy(() -> operator.search("gulls", 10)).isInstanceOf(SearchUnavailableException.class);
    }

    @Test
    void lists_orphans_and_deletes_none_that_is_new() {
        operator.ingest(saga.text("a.txt", 20));
        saga.put("saga/d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0/01m8pb8n0wa3j3ds9ppggkh022/chunk-000000", new byte[10]);
        List<String> kept = new ArrayList<>();

        operator.deleteOrphans(orphan -> kept.add(orphan.kept()));

        assertThat(kept).hasSize(1).noneMatch(String::isEmpty);
        assertThat(saga.keys()).anyMatch(key -> key.startsWith("saga/d0d0"));
    }
}
