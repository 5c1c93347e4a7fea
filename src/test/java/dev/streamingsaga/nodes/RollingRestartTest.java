package dev.streamingsaga.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.testkit.ChildJava;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three nodes on hosts of their own are stopped with SIGTERM and started again, one after the other, several times. */
@Tag("nodes")
class RollingRestartTest {
    private static final int DOCUMENTS = Integer.getInteger("nodes.documents", 200);

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @Test
    void every_document_is_completed_and_clients_see_no_error_but_503_with_Retry_After() throws Exception {
        try (Drill drill = new Drill(
                "rolling-restart",
                new Cluster(3, true, Map.of("saga.recovery.lease", "10s", "saga.concurrency", "4")).start())) {
            drill.send(DOCUMENTS, Duration.ofMillis(180_000 / DOCUMENTS));
            do {
                drill.nodes().forEach(drill::stopAndRestart);
            } while (drill.isSending());

            Verdict verdict = drill.verdict();
            drill.report(verdict.problems());
            assertThat(verdict.problems().size()).as(verdict.summary()).isZero();
            assertThat(drill.wrongAnswers()).isEmpty();
        }
    }
}
