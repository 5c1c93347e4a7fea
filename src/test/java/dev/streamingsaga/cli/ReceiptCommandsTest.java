package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code receipt} and {@code receipts check}, on the data of a running instance. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReceiptCommandsTest {
    private static final List<String> TABLES = List.of("receipt", "receipt_head", "saga", "chunk");

    private StreamingSagaFixture saga;
    private Path directory;
    private Path original;
    private String document;

    @BeforeAll
    void start(@TempDir Path empty) throws Exception {
        directory = empty;
        saga = StreamingSagaFixture.start(empty, Map.of("saga.receipts", "on", "saga.participants", "security"));
        for (int i = 0; i < 3; i++) {
            saga.ingest(saga.file("small-" + i, 1000 + i));
        }
        original = saga.file("large.bin", StreamingSagaFixture.CHUNK + 1000);
        IngestResult result = saga.ingest(original);
        assertThat(result.status()).isEqualTo("COMPLETED");
        document = String.valueOf(result.documentId());
        await().atMost(Duration.ofSeconds(30))
                .until(() -> saga.number("journal", "SELECT count(*) FROM receipt WHERE copied_at IS NOT NULL") == 4);
        // What a test damages must not be mended meanwhile.
        saga.application().close();
        assertThat(saga("receipts", "check", "--bucket").out()).isEqualTo("4 receipts checked, no finding\n");
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    @BeforeEach
    void keep() {
        TABLES.forEach(table -> saga.execute("journal", "CREATE TABLE kept_" + table + " AS SELECT * FROM " + table));
    }

    @AfterEach
    void restore() {
        for (String table : TABLES) {
            saga.execute("journal", "PRAGMA foreign_keys = OFF");
            saga.execute("journal", "DELETE FROM " + table);
            saga.execute("journal", "INSERT INTO " + table + " SELECT * FROM kept_" + table);
            saga.execute("journal", "DROP TABLE kept_" + table);
        }
    }

    private Call saga(String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        saga.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return Call.of(all);
    }

    private Path receipt() {
        Path file = directory.resolve("receipt-" + System.nanoTime());
        Call call = saga("receipt", document, "-o", file.toString());
        assertThat(call.code()).as(call.err()).isZero();
        return file;
    }

    private Path keys() throws Exception {
        return Files.writeString(
                directory.resolve("keys-" + System.nanoTime()),
                saga("receipt", "key").out());
    }

    @Test
    void verifies_a_receipt_and_the_original_without_a_data_directory() throws Exception {
        Path receipt = receipt();

        Call known = Call.of(
                "receipt", "verify", receipt.toString(), "--key", keys().toString(), "--against", original.toString());
        assertThat(known.code()).as(known.err()).isZero();
        assertThat(known.out())
                .startsWith("Genuine: signed with key ")
                .contains("large.bin", "2 chunks", "Stores: upload 2, security 1", "is this document, byte by byte");

        Call unknown = Call.of("receipt", "verify", receipt.toString());
        assertThat(unknown.code()).isZero();
        assertThat(unknown.out()).contains("does not prove who signed it");

        JsonNode json =
                Call.of("receipt", "verify", receipt.toString(), "--json").line();
        assertThat(json.path("valid").asBoolean()).isTrue();
        assertThat(json.path("signerKnown").asBoolean()).isFalse();
        assertThat(json.path("statement").path("document").path("documentId").asText())
                .isEqualTo(document);
    }

    @Test
    void names_the_chunk_that_differs() throws Exception {
        byte[] bytes = Files.readAllBytes(original);
        bytes[StreamingSagaFixture.CHUNK]++;
        Path changed = Files.write(directory.resolve("changed.bin"), bytes);

        Call call = Call.of("receipt", "verify", receipt().toString(), "--against", changed.toString());

        assertThat(call.code()).isEqualTo(1);
        assertThat(call.out()).contains("DIFFERENT").contains("1 chunk differs: 1");
    }

    @Test
    void refuses_a_forged_receipt_and_files_that_are_none() throws Exception {
        String text = Files.readString(receipt());
        Path forged = Files.writeString(directory.resolve("forged"), text.replaceFirst("\\.[A-Za-z]", ".9"));

        assertThat(Call.of("receipt", "verify", forged.toString()).code()).isEqualTo(1);
        assertThat(Call.of("receipt", "verify", original.toString()).out()).startsWith("NOT GENUINE");
        assertThat(Call.of("receipt", "verify", "missing").code()).isEqualTo(2);
        assertThat(Call.of("receipt", "verify", forged.toString(), "--key", original.toString())
                        .code())
                .isEqualTo(2);
        assertThat(Call.of("receipt", "verify", forged.toString(), "--proof", forged.toString())
                        .err())
                .contains("belong together");
    }

    @Test
    void proves_one_chunk() throws Exception {
        Path proof = Files.writeString(
                directory.resolve("proof"),
                saga("receipt", document, "--chunk", "1").out());
        byte[] bytes = Files.readAllBytes(original);
        Path chunk = Files.write(
                directory.resolve("chunk"), Arrays.copyOfRange(bytes, StreamingSagaFixture.CHUNK, bytes.length));

        Call proved = Call.of(
                "receipt", "verify", receipt().toString(), "--chunk", chunk.toString(), "--proof", proof.toString());
        assertThat(proved.code()).as(proved.out()).isZero();
        assertThat(proved.out()).contains("is chunk 1 of this document");

        Call other = Call.of(
                "receipt", "verify", receipt().toString(), "--chunk", original.toString(), "--proof", proof.toString());
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.out()).contains("NOT PROVED");
        assertThat(saga("receipt", document, "--chunk", "2").err()).contains("its chunks are 0 to 1");
    }

    @Test
    void prints_the_receipt_of_a_version() {
        assertThat(saga("receipt", document, "--version", "1").out())
                .isEqualTo(saga("receipt", document).out());
        Call unknown = saga("receipt", document, "--version", "2");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("version 2");
    }

    @Test
    void says_that_a_document_has_no_receipt() {
        saga.execute("journal", "DELETE FROM receipt");
        Call none = saga("receipt", document);

        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("has no receipt yet");
        assertThat(saga("receipt", "0000").code()).isEqualTo(2);
        assertThat(saga("receipt").err()).contains("name a document");
        assertThat(saga("receipts").code()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RECEIPT_REMOVED 2 | DELETE FROM receipt WHERE sequence = 2",
                "RECEIPT_REMOVED 4 | DELETE FROM receipt WHERE sequence = 4",
                "RECEIPT_REMOVED 3 | DELETE FROM receipt WHERE sequence > 2; DELETE FROM receipt_head",
                "RECEIPT_CHANGED 2 | UPDATE receipt SET jws = substr(jws, 1, 40) || 'A' || substr(jws, 42)"
                        + " WHERE sequence = 2",
                "RECEIPT_CHANGED 2 | UPDATE receipt SET document_id = 'another' WHERE sequence = 2",
                "RECEIPT_CHANGED 2 | UPDATE receipt SET jws = (SELECT jws FROM receipt WHERE sequence = 3)"
                        + " WHERE sequence = 2",
                "RECEIPT_CHANGED 1 | UPDATE receipt SET sequence = 9 WHERE sequence = 1;"
                        + " UPDATE receipt SET sequence = 1 WHERE sequence = 2;"
                        + " UPDATE receipt SET sequence = 2 WHERE sequence = 9",
                "CHAIN_BROKEN 4 | UPDATE receipt_head SET sha256 = 'x'",
                "DOCUMENT_REMOVED 3 | DELETE FROM saga WHERE saga_id = (SELECT saga_id FROM receipt WHERE sequence = 3)",
                "DOCUMENT_CHANGED 3 | UPDATE saga SET sha256 = 'f00' WHERE receipt_sequence = 3",
                "DOCUMENT_CHANGED 3 | UPDATE chunk SET size_bytes = size_bytes + 1 WHERE saga_id ="
                        + " (SELECT saga_id FROM receipt WHERE sequence = 3)",
                "RECEIPT_MISSING 0 | UPDATE saga SET receipt_sequence = NULL WHERE receipt_sequence = 1"
            })
    void a_check_finds_what_was_removed_or_changed(String expected, String damage) throws Exception {
        for (String statement : damage.split(";")) {
            saga.execute("journal", statement);
        }

        Call call = saga("receipts", "check", "--json");

        assertThat(call.code()).as(call.out() + call.err()).isEqualTo(1);
        assertThat(call.lines())
                .extracting(line ->
                        line.path("kind").asText() + " " + line.path("sequence").asLong())
                .contains(expected);
    }

    /** Whoever can write to the journal can put a key of their own into it, and sign the whole chain again. */
    @Test
    void a_check_with_keys_that_were_kept_elsewhere_does_not_trust_those_of_the_journal() throws Exception {
        Path kept = keys();
        Path another = Path.of("src", "test", "resources", "receipts", "keys.json");

        assertThat(saga("receipts", "check", "--key", kept.toString()).out())
                .isEqualTo("4 receipts checked, no finding\n");
        Call forged = saga("receipts", "check", "--key", another.toString());

        assertThat(forged.code()).as(forged.err()).isEqualTo(1);
        assertThat(forged.out())
                .contains("RECEIPT_CHANGED receipt 1 ", "RECEIPT_CHANGED receipt 4 ")
                .contains("none of the keys to verify with", "4 findings");
        assertThat(saga("receipts", "check", "--key", "missing").code()).isEqualTo(2);
    }

    @Test
    void a_check_compares_the_copies_in_the_bucket() throws Exception {
        String key = saga.keys().stream()
                .filter(found -> found.endsWith("/receipt.jws"))
                .findFirst()
                .orElseThrow();
        byte[] kept = saga.bucket()
                .getObjectAsBytes(r -> r.bucket(StreamingSagaFixture.BUCKET).key(key))
                .asByteArray();

        saga.put(key, "changed".getBytes(StandardCharsets.US_ASCII));
        Call changed = saga("receipts", "check", "--bucket");
        assertThat(saga("receipts", "check").code()).isZero();
        saga.s3().down();
        Call away = saga("receipts", "check", "--bucket");
        saga.s3().up();
        saga.put(key, kept);

        assertThat(changed.code()).as(changed.err()).isEqualTo(1);
        assertThat(changed.out()).startsWith("COPY_DIFFERENT receipt ");
        assertThat(away.code()).as(away.err()).isEqualTo(4);
    }
}
