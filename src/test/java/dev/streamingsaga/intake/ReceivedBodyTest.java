package dev.streamingsaga.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.UploadSpool.ReceivedBody;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Random;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The digests that are taken while a body arrives, and its file afterwards. */
class ReceivedBodyTest {
    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private UploadSpool spool;

    @BeforeEach
    void start() throws IOException {
        saga = StreamingSagaFixture.start(directory);
        spool = new UploadSpool(saga.config().uploads(), saga.config(), saga.journal());
        spool.open();
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private ReceivedBody receive(byte[] bytes) throws IOException {
        return spool.receive(new ByteArrayInputStream(bytes));
    }

    private Path claim(ReceivedBody body) throws IOException {
        Path path = spool.path(spool.key(body, "tester", "body.bin"));
        spool.claim(body, path);
        return path;
    }

    private IngestResult ingest(Path path, ReceivedBody body) throws IOException {
        try (ProducerTemplate template = saga.application().camelContext().createProducerTemplate()) {
            Exchange answer = template.send(saga.config().direct("ingest"), request -> {
                request.getMessage().setBody(path);
                request.setProperty(
                        Ingest.SOURCE_KEY,
                        BodyKey.of("http", "tester", "body.bin", body.sha256()).toString());
                request.setProperty(ExchangeKeys.RECEIVED_BODY, body);
            });
            return answer.getMessage().getBody(IngestResult.class);
        }
    }

    private static byte[] bytes() {
        byte[] bytes = new byte[2 * StreamingSagaFixture.CHUNK + 100];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    private static void overwrite(Path file, long position) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), position);
        }
    }

    @Test
    void digests_and_identity_are_those_of_the_file() throws IOException {
        ReceivedBody body = receive(bytes());
        Path file = claim(body);

        Digests digests =
                SourceFile.digest(file, SourceFile.identity(file), StreamingSagaFixture.CHUNK, done -> {}, () -> {});

        assertThat(body.digests()).isEqualTo(digests);
        assertThat(body.written().looksLike(SourceFile.identity(file))).isTrue();
    }

    @Test
    void a_file_that_is_damaged_unnoticed_before_it_is_sent_is_refused_by_the_bucket() throws IOException {
        ReceivedBody body = receive(bytes());
        Path file = claim(body);
        FileTime written = Files.getLastModifiedTime(file);
        overwrite(file, StreamingSagaFixture.CHUNK + 1000L);
        Files.setLastModifiedTime(file, written);

        IngestResult result = ingest(file, body);

        assertThat(result.status()).isEqualTo(SagaState.COMPENSATED.name());
        saga.assertNothingAnywhere();
    }

    @Test
    void a_file_that_was_written_since_is_read_again() throws IOException {
        ReceivedBody body = receive(bytes());
        Path file = claim(body);
        overwrite(file, 1000);
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
        String sha256 = Sha256.of(Files.readAllBytes(file));

        IngestResult result = ingest(file, body);

        assertThat(result.status()).isEqualTo(SagaState.COMPLETED.name());
        assertThat(result.sha256()).isEqualTo(sha256).isNotEqualTo(body.sha256());
    }

    @Test
    void a_file_leaves_the_spool_when_its_last_user_releases_it() throws IOException {
        ReceivedBody first = receive(bytes());
        ReceivedBody second = receive(bytes());
        Path file = claim(first);
        assertThat(claim(second)).isEqualTo(file);

        spool.release(file);
        assertThat(file).exists();
        spool.sweep();
        assertThat(file).exists();
        spool.release(file);

        assertThat(file).doesNotExist();
    }
}
