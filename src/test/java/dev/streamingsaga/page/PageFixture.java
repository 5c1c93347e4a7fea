package dev.streamingsaga.page;

import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** The whole application, its page in a browser, and sagas in every state that the page shows. */
final class PageFixture implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    final StreamingSagaFixture saga;
    final Browser browser;
    private final CountDownLatch held = new CountDownLatch(1);

    private PageFixture(StreamingSagaFixture saga) {
        this.saga = saga;
        this.browser = Browser.open(saga.application().address().orElseThrow());
    }

    static PageFixture start(Path directory, String... settings) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of("saga.http.enabled", "true", "saga.s3.timeout", "120s"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        StreamingSagaFixture saga = StreamingSagaFixture.start(directory, all);
        try {
            return new PageFixture(saga);
        } catch (RuntimeException | Error e) {
            saga.close();
            throw e;
        }
    }

    SagaState state(String sagaId) {
        return saga.journal().sagas().find(sagaId).orElseThrow().state();
    }

    /** A saga that waits for its second chunk until the end. */
    String running(String name) {
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).always().delay(held);
        String sagaId = begun(name, 10_000_000);
        await().atMost(PATIENCE).until(() -> saga.journal().chunks().sent(sagaId) >= 1);
        return sagaId;
    }

    String paused(String name) {
        String sagaId = running(name);
        saga.journal().commands().request(sagaId, OperatorCommand.PAUSE);
        await().atMost(PATIENCE).until(() -> state(sagaId) == SagaState.PAUSED);
        return sagaId;
    }

    /** A saga that was received and runs as far as it can. */
    String begun(String name, int size) {
        Path file = saga.file(name, size);
        Background.run("ingest", () -> saga.ingest(file));
        await().atMost(PATIENCE)
                .until(() -> saga.journal()
                        .registration()
                        .holder(file.toRealPath().toString())
                        .isPresent());
        return saga.journal().sagas().newest(1).get(0).sagaId();
    }

    /** A compensated saga with some remaining objects, whose clean-up entries are blocked. */
    String partial(String name, int left) {
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).always().answer(403, "AccessDenied");
        saga.s3()
                .when(method("DELETE").or(method("POST")).and(keyContains("")))
                .always()
                .answer(403, "AccessDenied");
        IngestResult partial = saga.ingest(saga.text(name, 3));
        saga.s3().clearRules();
        assertThat(partial.status()).isEqualTo("PARTIALLY_COMPENSATED");
        saga.execute(
                "journal",
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < " + left
                        + ") INSERT INTO cleanup"
                        + " SELECT c.cleanup_id || '-' || i, saga_id, step, resource || '-' || i, state, attempts,"
                        + " replace(last_error, resource, resource || '-' || i),"
                        + " next_attempt_at, created_at, resolution, wish, wish_why FROM n, cleanup c WHERE saga_id = '"
                        + partial.sagaId() + "' AND " + (left - 1) + " > 0");
        saga.execute("journal", "UPDATE cleanup SET state = 'BLOCKED'");
        return partial.sagaId();
    }

    /** This many ended sagas, every tenth compensated, newer than all others. */
    void endedLater(int sagas) {
        saga.execute(
                "journal",
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " + (sagas - 1)
                        + ") INSERT INTO saga (saga_id, state, reason,"
                        + " run, node, lease_until, deadline_at, participants, source, file_name, owner,"
                        + " classification, key_id, received_at, updated_at, finished_at,"
                        + " published_at) SELECT 'zz' || (1000000 + i), CASE WHEN i % 10 = 0 THEN 'COMPENSATED' ELSE"
                        + " 'COMPLETED' END, CASE WHEN i % 10 = 0 THEN"
                        + " 'FILE_NOT_FOUND' END, 1, 'one', 0, 0, '', '/in/later-' || i || '.pdf', 'later-' || i ||"
                        + " '.pdf', 'o', 'c', 'k', 1764500000000, 1764500000000 + i,"
                        + " 1764500000000 + i, 1764500000000 + i FROM n");
        countAgain();
    }

    /** Sums over sagas that ended long ago are read again when sagas were archived. */
    void countAgain() {
        saga.execute(
                "journal",
                "INSERT INTO archived_total (state, owner, classification, sagas, size_bytes, resumed_bytes,"
                        + " redeliveries, with_residue) VALUES ('COMPENSATED', 'nobody', 'public', 1, 0, 0, 0, 0)"
                        + " ON CONFLICT (state, owner, classification) DO UPDATE SET sagas = archived_total.sagas + 1");
    }

    /** Waits for the list of sagas with all counts. */
    void seesList(String all) {
        await().atMost(PATIENCE)
                .until(() -> browser.text("[data-filter=all] .n").equals(all));
    }

    @Override
    public void close() {
        held.countDown();
        browser.close();
        saga.close();
    }
}
