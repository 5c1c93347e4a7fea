package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A compensation that takes longer than the coordinator waits, as is usual for a document with many chunks. */
@Timeout(120)
class SlowCompensationTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger narayana = (Logger) LoggerFactory.getLogger("com.arjuna.ats.arjuna");

    @BeforeEach
    void start() throws Exception {
        lines.start();
        narayana.addAppender(lines);
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.chunk.parallelism",
                        "1",
                        "saga.compensation.step-timeout",
                        "60s",
                        "saga.s3.timeout",
                        "60s"));
    }

    @AfterEach
    void stop() {
        narayana.detachAppender(lines);
        saga.close();
    }

    @Test
    void the_coordinator_finishes_at_once_and_logs_no_warning() throws Exception {
        CountDownLatch uploading = new CountDownLatch(1);
        CountDownLatch upload = new CountDownLatch(1);
        CountDownLatch delete = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).beforeForward(() -> {
            uploading.countDown();
            upload.await();
        });
        saga.s3().when(method("DELETE").or(method("POST"))).always().delay(delete);
        Interrupted.UnderWay running = Interrupted.begin(saga, saga.file("three.bin", 11 << 20), uploading);
        URI lra = URI.create(saga.journal()
                .sagas()
                .find(running.sagaId())
                .orElseThrow()
                .lraId()
                .orElseThrow());

        saga.journal().commands().request(running.sagaId(), OperatorCommand.CANCEL);
        running.awaitState(SagaState.COMPENSATING);
        upload.countDown();
        await("the end of the LRA")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(get(URI.create(lra + "/status")).statusCode())
                        .isEqualTo(404));
        get(StreamingSagaFixture.coordinator().resolve("/lra-coordinator/recovery"));

        assertThat(saga.journal().sagas().find(running.sagaId()).orElseThrow().state())
                .as("while the bucket deletes")
                .isEqualTo(SagaState.COMPENSATING);
        delete.countDown();
        IngestResult result = running.result();
        Aftermath.assertNothingLeft(saga, result, Reason.CANCELLED);
        assertThat(List.copyOf(lines.list))
                .extracting(ILoggingEvent::getFormattedMessage)
                .noneMatch(line -> line.contains("euristic"));
    }

    private static HttpResponse<String> get(URI uri) throws Exception {
        return HttpClient.newHttpClient()
                .send(CoordinatorSettings.request(uri).timeout(PATIENCE).build(), BodyHandlers.ofString());
    }
}
