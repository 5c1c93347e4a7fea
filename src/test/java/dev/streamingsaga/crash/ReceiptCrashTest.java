package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.ChildJava;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The process is killed while it issues the receipt of a completed document. */
@Tag("one-jdk")
@Tag("own-jvm")
class ReceiptCrashTest {
    private static final Map<String, String> ON = Map.of("saga.receipts", "on", "saga.participants", "security");

    @TempDir
    static Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @ParameterizedTest
    @CsvSource({
        "journal, before, INSERT INTO receipt (sequence, 0",
        "journal, after, commit of UPDATE saga SET receipt_sequence, 1",
        "s3, after, PutObject saga/*/receipt.jws, 1"
    })
    void a_document_gets_exactly_one_receipt_wherever_the_process_is_killed(
            String kind, String when, String what, int journaled) throws Exception {
        Path data = Files.createDirectories(directory.resolve(kind + "-" + when));
        Path file = Files.writeString(directory.resolve("keeper.txt"), "The keeper counts his gulls.");
        Map<String, String> kill = new HashMap<>(ON);
        kill.putAll(Map.of("crash.at", "~" + new Point(kind, what, 1).text(), "crash.when", when));

        End killed = ChildJvm.run(data, kill, "ingest", file.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(Oracle.rows(data, "journal", "SELECT state FROM saga")).containsExactly("COMPLETED");
        assertThat(Oracle.rows(data, "journal", "SELECT sequence FROM receipt")).hasSize(journaled);

        End end = ChildJvm.run(data, ON, "recover");
        assertThat(end.exit()).as("%s", end.log()).isZero();

        List<String> receipts = Oracle.rows(data, "journal", "SELECT jws FROM receipt WHERE copied_at IS NOT NULL");
        assertThat(receipts).hasSize(1);
        String prefix =
                Oracle.rows(data, "journal", "SELECT key_prefix FROM saga").get(0);
        assertThat(data.resolve("bucket/streaming-saga").resolve(prefix + "receipt.jws"))
                .hasContent(receipts.get(0));
        assertThat(Oracle.rows(data, "journal", "SELECT sequence FROM receipt_head"))
                .containsExactly("1");
        Lane.remove(data);
    }
}
