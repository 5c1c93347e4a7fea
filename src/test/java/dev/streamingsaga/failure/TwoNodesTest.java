package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.Internals;
import dev.streamingsaga.cli.Main;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * FP-41: two processes on one PostgreSQL journal. One is suspended for longer than its lease, and continues after the
 * other has taken over its saga.
 */
@Tag("one-jdk")
@Timeout(180)
class TwoNodesTest {
    private static final List<String> STORES = List.of("security", "vector", "graph", "relational");

    @TempDir
    Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    private PostgresServer postgres;
    private StreamingSagaFixture saga;
    private Process sleeper;

    private void start(String mode) throws IOException {
        postgres = PostgresServer.installed();
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.chunk.parallelism",
                        "1",
                        "saga.journal.url",
                        postgres.url(),
                        "saga.recovery.lease",
                        "2s",
                        "saga.recovery.mode",
                        mode));
    }

    @AfterEach
    void stop() throws Exception {
        if (sleeper != null) {
            sleeper.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        if (saga != null) {
            saga.close();
        }
        if (postgres != null) {
            postgres.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resume", "compensate"})
    void fp_41_a_node_that_continues_after_its_saga_was_taken_over_changes_nothing(String mode) throws Exception {
        start(mode);
        Original file = Original.of(saga.file("three.bin", 2L * CHUNK + 1000));
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).beforeForward(() -> {
            reached.countDown();
            release.await();
        });
        Path answer = directory.resolve("sleeper.json");
        sleeper = otherNode(file.path(), answer);
        assertThat(reached.await(90, TimeUnit.SECONDS))
                .as("the other node uploads")
                .isTrue();
        SagaRecord before = saga.journal().sagas().newest(1).get(0);
        assertThat(before.state()).isEqualTo(SagaState.UPLOADING);

        signal("STOP");
        await().atMost(60, TimeUnit.SECONDS).until(() -> isSettled(before.sagaId()));
        SagaRecord ended = saga.journal().sagas().find(before.sagaId()).orElseThrow();
        assertThat(ended.run()).isEqualTo(2);
        int events = saga.journal().events().of(before.sagaId()).size();
        release.countDown();
        signal("CONT");
        assertThat(sleeper.waitFor(60, TimeUnit.SECONDS))
                .as("the other node ends")
                .isTrue();

        assertThat(saga.journal().sagas().find(before.sagaId())).contains(ended);
        assertThat(saga.journal().events().of(before.sagaId())).hasSize(events);
        JsonNode answered = new ObjectMapper().readTree(Files.readString(answer));
        assertThat(answered.get("status").asText())
                .as("%s", answered)
                .isEqualTo(ended.state().name());
        assertThat(answered.get("runs").asInt()).isEqualTo(2);
        assertThat(sleeper.exitValue()).isEqualTo(mode.equals("resume") ? 0 : 1);
        IngestResult result = Internals.ingest(saga.application().bundle()).result(before.sagaId());
        if (mode.equals("resume")) {
            assertStored(saga, result, file);
            Aftermath.assertNextFileCompletes(saga);
        } else {
            assertCompensatedAndSwept(result);
        }
    }

    private boolean isSettled(String sagaId) {
        SagaRecord now = saga.journal().sagas().find(sagaId).orElseThrow();
        return now.state() == SagaState.COMPENSATED || now.published();
    }

    /**
     * A request that was in progress when the node was suspended arrives afterwards, and the sweep removes the object.
     */
    private void assertCompensatedAndSwept(IngestResult result) {
        assertThat(result.reason()).isEqualTo(Reason.CANCELLED.name());
        saga.assertNoStoreTouched();
        assertThat(saga.keys()).isSubsetOf(Aftermath.prefix(saga, result) + "chunk-000001");
        await().atMost(60, TimeUnit.SECONDS).until(() -> saga.keys().isEmpty());
        assertThat(saga.journal().sagas().find(result.sagaId()).orElseThrow().state())
                .isEqualTo(SagaState.COMPENSATED);
    }

    /**
     * The command line in another process: its own data directory and callbacks, the same journal, bucket and stores.
     */
    private Process otherNode(Path file, Path answer) throws IOException {
        SagaConfig ours = saga.config();
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.journal.url",
                postgres.url(),
                "saga.recovery.lease",
                "2s",
                "saga.coordinator.url",
                StreamingSagaFixture.coordinator().toString(),
                "saga.coordinator.secret",
                CoordinatorSettings.SECRET,
                "saga.s3.endpoint",
                saga.s3().uri().toString(),
                "saga.s3.access-key",
                ours.servers().s3().accessKey(),
                "saga.s3.secret-key",
                ours.servers().s3().secretKey(),
                "saga.chunk.size",
                "5MiB",
                "saga.chunk.parallelism",
                "1"));
        STORES.forEach(store -> settings.put(
                "saga.store." + store + ".url", "jdbc:sqlite:" + saga.data().resolve(store + ".db")));
        List<String> command = ChildJava.command(List.of("-Xmx256m", "-Dstreamingsaga.home=" + directory));
        command.addAll(List.of(
                Main.class.getName(),
                "ingest",
                file.toString(),
                "--json",
                "--data",
                directory.resolve("other").toString()));
        settings.forEach((key, value) -> command.addAll(List.of("-D", key + "=" + value)));
        return new ProcessBuilder(command)
                .redirectOutput(answer.toFile())
                .redirectError(directory.resolve("sleeper.log").toFile())
                .start();
    }

    private void signal(String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, "" + sleeper.pid())
                        .start()
                        .waitFor())
                .isZero();
    }
}
