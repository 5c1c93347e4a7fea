package dev.streamingsaga.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.ChildJava;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A small version of {@link KilledNodesTest}: two nodes on this machine, one kill, one restart of PostgreSQL. */
@Tag("one-jdk")
class TwoNodesDrillTest {
    private static final int DOCUMENTS = 20;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @Test
    void every_document_is_completed_once_though_a_node_is_killed_and_the_database_restarts() throws Exception {
        Map<String, String> settings = Map.of(
                "saga.recovery.lease", "4s",
                "saga.concurrency", "4",
                "saga.step.retry-delay", "500ms");
        try (Drill drill = new Drill("two-nodes", new Cluster(2, false, settings).start())) {
            drill.supervised();
            drill.send(DOCUMENTS, Duration.ofMillis(250));
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> drill.servers().database().count("select count(*) from saga") > DOCUMENTS / 4);
            drill.kill(drill.nodes().get(0));
            drill.restart(drill.servers().database().process(), Duration.ZERO);

            Verdict verdict = drill.verdict();
            drill.report(verdict.problems());
            assertThat(verdict.problems().size()).as(verdict.summary()).isZero();
            assertThat(drill.wrongAnswers()).isEmpty();
        }
    }
}
