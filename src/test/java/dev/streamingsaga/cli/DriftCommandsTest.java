package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.testkit.JvmDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code orphans} and {@code verify} as an operator runs them, with the embedded servers only. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("own-jvm")
class DriftCommandsTest {

    private Path data;
    private JsonNode stored;

    private Call saga(String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of("--data", data.toString()));
        return Call.of(all);
    }

    private void sql(String store, String statement) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.resolve(store + ".db"));
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        }
    }

    @BeforeAll
    void ingest(@TempDir(factory = JvmDirectory.class) Path directory) throws Exception {
        data = directory.resolve("data");
        List<String> args = new ArrayList<>(List.of("ingest", "--json"));
        for (String keeper : List.of("first", "second", "third")) {
            String text = ("The " + keeper + " lighthouse keeper counts his gulls.\n").repeat(50);
            args.add(Files.writeString(directory.resolve(keeper + ".txt"), text).toString());
        }
        Call call = saga(args.toArray(String[]::new));
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.lines()).hasSize(3);
        stored = call.lines().get(0);
    }

    @Test
    void verifies_and_repairs() throws Exception {
        String document = stored.get("documentId").asText();
        Call healthy = saga("verify", "--json");
        assertThat(healthy.code()).as(healthy.err() + healthy.out()).isZero();
        assertThat(healthy.lines()).isEmpty();

        sql("relational", "update relational_document set visible = 0 where document_id = '" + document + "'");
        sql("graph", "delete from graph_edge where document_id = '" + document + "'");
        Call drifted = saga("verify", document, "--json", "--deep");
        assertThat(drifted.code()).as(drifted.err()).isEqualTo(1);
        assertThat(drifted.lines())
                .extracting(line ->
                        line.get("store").asText() + " " + line.get("kind").asText())
                .containsExactly("graph MISSING", "relational NOT_VISIBLE");
        List<String> fields = new ArrayList<>();
        drifted.lines().get(0).fieldNames().forEachRemaining(fields::add);
        assertThat(fields)
                .containsExactly(
                        "documentId",
                        "sagaId",
                        "store",
                        "kind",
                        "resource",
                        "expected",
                        "found",
                        "repairable",
                        "repaired",
                        "message");

        Call repaired = saga("verify", document, "--repair", "--json");
        assertThat(repaired.code()).as(repaired.err()).isZero();
        assertThat(repaired.lines())
                .hasSize(2)
                .allMatch(line -> line.get("repaired").asBoolean());
        assertThat(saga("verify", "--sample", "5").out()).contains("3 documents compared, no difference found");
    }

    @Test
    void compares_the_requested_number_of_documents() throws Exception {
        sql("relational", "update relational_document set visible = 0");
        try {
            assertThat(drifted("--sample", "1")).hasSize(1).doesNotHaveDuplicates();
            assertThat(drifted("--sample", "2")).hasSize(2).doesNotHaveDuplicates();
            assertThat(drifted("--all")).hasSize(3).doesNotHaveDuplicates();
            assertThat(drifted()).hasSize(3).doesNotHaveDuplicates();
            assertThat(drifted(stored.get("documentId").asText()))
                    .containsExactly(stored.get("documentId").asText());
        } finally {
            sql("relational", "update relational_document set visible = 1");
        }
        assertThat(saga("verify", "--sample", "2").out()).contains("2 documents compared, no difference found");
        assertThat(saga("verify", "--all").out()).contains("3 documents compared, no difference found");
    }

    /** Documents that {@code verify} finds to differ from the journal. */
    private List<String> drifted(String... which) throws IOException {
        List<String> args = new ArrayList<>(List.of("verify", "--json"));
        args.addAll(List.of(which));
        Call call = saga(args.toArray(String[]::new));
        assertThat(call.code()).as(call.out() + call.err()).isEqualTo(1);
        return call.lines().stream()
                .map(line -> line.get("documentId").asText())
                .toList();
    }

    @Test
    void lists_and_deletes_old_orphans() throws Exception {
        String sagaId = Ids.next();
        String prefix = "saga/" + "0123456789abcdef".repeat(2) + "/" + sagaId + "/";
        Path object = data.resolve("bucket/streaming-saga").resolve(prefix + "chunk-000000");
        Files.createDirectories(object.getParent());
        Files.write(object, new byte[10]);

        Call listed = saga("orphans", "--json");
        assertThat(listed.code()).as(listed.err()).isEqualTo(1);
        assertThat(listed.lines()).singleElement().satisfies(line -> {
            assertThat(line.get("kind").asText()).isEqualTo("ORPHAN");
            assertThat(line.get("resource").asText()).isEqualTo(prefix);
            assertThat(line.get("kept").asText()).contains("younger");
        });
        assertThat(saga("orphans").out())
                .contains("(1 piece, written ")
                .endsWith("1 orphan found, nothing deleted; --delete deletes orphans older than saga.orphans.min-age"
                        + " (24h)\n");
        Call young = saga("orphans", "--delete");
        assertThat(young.code()).isEqualTo(1);
        assertThat(young.out()).endsWith("no orphan deleted, 1 orphan remaining\n");
        assertThat(object).exists();

        Files.setLastModifiedTime(object, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
        Call deleted = saga("orphans", "--delete", "--json");
        assertThat(deleted.code()).as(deleted.err() + deleted.out()).isZero();
        assertThat(deleted.lines())
                .singleElement()
                .satisfies(line -> assertThat(line.get("deleted").asBoolean()).isTrue());
        assertThat(object).doesNotExist();
        assertThat(saga("orphans").out()).contains("no orphan found, nothing deleted");
    }

    @Test
    void reads_a_data_directory_locked_by_another_process_but_does_not_change_it() throws Exception {
        try (FileChannel channel =
                FileChannel.open(data.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock();
            assertThat(saga("verify", "--deep").code()).isZero();
            assertThat(saga("orphans").code()).isZero();
            assertThat(saga("verify", "--repair").code()).isEqualTo(2);
            assertThat(saga("orphans", "--delete").code()).isEqualTo(2);
        }
    }

    @Test
    void rejects_invalid_arguments() {
        assertThat(saga("verify", "nosuchdocument").code()).isEqualTo(2);
        assertThat(saga("verify", "--sample", "0").code()).isEqualTo(2);
        assertThat(saga("verify", "--sample", "3", "--all").code()).isEqualTo(2);
        assertThat(saga("verify", stored.get("documentId").asText(), "--all").code())
                .isEqualTo(2);
    }

    @Test
    void exits_with_4_if_a_server_does_not_answer() {
        String[] far = {
            "-D",
            "saga.s3.endpoint=http://127.0.0.1:1",
            "-D",
            "saga.s3.access-key=a",
            "-D",
            "saga.s3.secret-key=b",
            "-D",
            "saga.s3.timeout=1s"
        };
        for (String command : List.of("orphans", "verify")) {
            List<String> args = new ArrayList<>(List.of(command));
            args.addAll(List.of(far));
            Call call = saga(args.toArray(String[]::new));
            assertThat(call.code()).as(call.out() + call.err()).isEqualTo(4);
            assertThat(call.err()).doesNotContain("\tat ");
        }
    }
}
