package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.PlannedDocument.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the verify gate finds in the journal alone. */
@Tag("unit")
class VerifyOrderTest {
    @TempDir
    Path directory;

    private PlannedDocument planned;
    private ChunkRow a;
    private ChunkRow b;
    private ChunkRow c;

    @BeforeEach
    void plan() throws Exception {
        planned = PlannedDocument.in(directory);
        a = planned.rows().get(0);
        b = planned.rows().get(1);
        c = planned.rows().get(2);
    }

    private void assertFails(Reason reason, ChunkRow... rows) {
        SagaException failure = catchThrowableOfType(
                SagaException.class, () -> VerifyChunks.checkOrder(planned.document(), List.of(rows)));
        assertThat(failure).as("must fail with %s", reason).isNotNull();
        assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(reason);
        assertThat(failure).hasMessageContaining("saga-1");
    }

    @Test
    void accepts_all_chunks_in_order() {
        assertThatCode(() -> VerifyChunks.checkOrder(planned.document(), planned.rows()))
                .doesNotThrowAnyException();
    }

    @Test
    void rejects_a_gap_a_duplicate_and_another_order() {
        assertFails(Reason.CHUNK_ORDER_MISMATCH, a, c);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, b, c);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, a, a, b);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, b, a, c);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, a, b, b);
    }

    @Test
    void rejects_too_few_and_too_many_chunks() {
        assertFails(Reason.CHUNK_COUNT_MISMATCH);
        assertFails(Reason.CHUNK_COUNT_MISMATCH, a, b);
        assertFails(Reason.CHUNK_COUNT_MISMATCH, a, b, c, row(3, 207, 1, "0"));
    }

    @Test
    void rejects_offsets_that_do_not_follow_each_other() {
        assertFails(Reason.CHUNK_ORDER_MISMATCH, row(0, 1, 100, a.sha256()), b, c);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, a, row(1, 99, 100, b.sha256()), c);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, row(0, 0, 99, a.sha256()), b, c);
    }

    @Test
    void rejects_a_key_of_another_chunk() {
        ChunkRow wrong = new ChunkRow(1, 100, 100, c.key(), b.sha256(), ChunkState.SENT, 1);
        assertFails(Reason.CHUNK_ORDER_MISMATCH, a, wrong, c);
    }

    @Test
    void rejects_sizes_that_do_not_add_up() {
        assertFails(Reason.SIZE_MISMATCH, a, b, row(2, 200, 6, c.sha256()));
        assertFails(Reason.SIZE_MISMATCH, a, b, row(2, 200, 8, c.sha256()));
    }
}
