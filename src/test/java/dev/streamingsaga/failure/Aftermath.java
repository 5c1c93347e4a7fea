package dev.streamingsaga.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.FetchResult;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** What must hold after a saga. Queries bucket, stores and journal directly, not through the application. */
final class Aftermath {
    private Aftermath() {}

    /** COMPENSATED for this reason, no data anywhere, no source claimed, and the next file completes. */
    static void assertNothingLeft(StreamingSagaFixture saga, IngestResult result, Reason reason) {
        assertCompensated(saga, result, reason);
        saga.assertNothingAnywhere();
        assertThat(saga.rows("journal", "source_claim")).as("claims").isZero();
        assertNextFileCompletes(saga);
    }

    /** Checks only the outcome, as returned and as journaled, and that no clean-up is open. */
    static void assertCompensated(StreamingSagaFixture saga, IngestResult result, Reason reason) {
        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.reason()).as("%s", result).isEqualTo(reason.name());
        assertThat(result.message()).isNotBlank();
        assertThat(result.stores().values()).as("%s", result).allMatch(count -> count == 0);
        assertThat(saga.journal().sagas().find(result.sagaId()).orElseThrow().state())
                .isEqualTo(SagaState.COMPENSATED);
        assertThat(saga.journal().cleanups().of(result.sagaId())).isEmpty();
    }

    static void assertNextFileCompletes(StreamingSagaFixture saga) {
        saga.s3().clearRules();
        int before = saga.keys().size();
        IngestResult next = saga.ingest(saga.file("next.bin", 1000));
        assertThat(next.status()).as("%s", next).isEqualTo("COMPLETED");
        assertThat(saga.keys()).hasSize(before + 2);
    }

    /** Complete in the bucket, visible in every store, and no source claimed. */
    static void assertStored(StreamingSagaFixture saga, IngestResult result, Original original) {
        assertFetched(saga, result, original);
        for (String store : new String[] {"security", "vector", "graph", "relational"}) {
            assertThat(saga.number(
                            store,
                            "SELECT count(*) FROM " + store + "_document WHERE visible = 1 AND saga_id = '"
                                    + result.sagaId() + "'"))
                    .as("visible in " + store)
                    .isOne();
        }
        assertThat(saga.journal().registration().holder(original.path().toString()))
                .isEmpty();
        original.assertUntouched();
    }

    /** Complete in the bucket. */
    static void assertFetched(StreamingSagaFixture saga, IngestResult result, Original original) {
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(fetch(saga, result)).as("fetched again").isEqualTo(original.bytes());
    }

    static String prefix(StreamingSagaFixture saga, IngestResult result) {
        return saga.config().documents().chunk().prefix() + "/" + result.documentId() + "/" + result.sagaId() + "/";
    }

    private static byte[] fetch(StreamingSagaFixture saga, IngestResult result) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            FetchResult fetched = new ChunkStore(saga.config(), saga.bucket()).fetch(prefix(saga, result), bytes);
            assertThat(fetched.sha256()).isEqualTo(result.sha256());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
