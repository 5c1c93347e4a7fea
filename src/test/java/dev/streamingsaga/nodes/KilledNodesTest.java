package dev.streamingsaga.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.testkit.ChildJava;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three nodes on hosts of their own. One is killed and restarted every 20 s, each server is restarted once, and the
 * bucket stays away for a minute.
 */
@Tag("nodes")
class KilledNodesTest {
    private static final int DOCUMENTS = Integer.getInteger("nodes.documents", 200);
    private static final Duration BETWEEN_KILLS = Duration.ofSeconds(20);

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @Test
    void every_document_is_completed_once_though_nodes_are_killed_and_servers_restart() throws Exception {
        try (Drill drill = new Drill(
                "killed-nodes",
                new Cluster(3, true, Map.of("saga.recovery.lease", "10s", "saga.concurrency", "4")).start())) {
            drill.measureIdle(Duration.ofSeconds(20));
            drill.supervised();
            drill.send(DOCUMENTS, Duration.ofMillis(240_000 / DOCUMENTS));
            Servers servers = drill.servers();
            Deque<Outage> outages = new ArrayDeque<>(List.of(
                    new Outage(servers.database().process(), Duration.ofSeconds(5)),
                    new Outage(servers.broker(), Duration.ofSeconds(5)),
                    new Outage(servers.coordinator(), Duration.ofSeconds(5)),
                    new Outage(servers.bucket(), Duration.ofSeconds(60))));
            CompletableFuture<Void> outage = CompletableFuture.completedFuture(null);
            for (int kill = 0; drill.isSending() || !outages.isEmpty() || !outage.isDone(); kill++) {
                Drill.pause(BETWEEN_KILLS);
                if (outage.isDone() && !outages.isEmpty()) {
                    Outage next = outages.remove();
                    outage = CompletableFuture.runAsync(() -> drill.restart(next.server(), next.away()));
                }
                drill.kill(drill.nodes().get(kill % drill.nodes().size()));
            }
            outage.join();

            Verdict verdict = drill.verdict();
            drill.measureIdle(Duration.ofSeconds(20));
            drill.report(verdict.problems());
            assertThat(verdict.problems().size()).as(verdict.summary()).isZero();
            assertThat(drill.wrongAnswers()).isEmpty();
        }
    }

    private record Outage(ServerProcess server, Duration away) {}
}
