package dev.streamingsaga.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Receipts of documents that are stored for real. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReceiptsTest {
    private StreamingSagaFixture saga;
    private int files;

    @BeforeAll
    void start(@TempDir Path empty) throws Exception {
        saga = StreamingSagaFixture.start(
                empty, Map.of("saga.receipts", "on", "saga.duplicates", "version", "saga.http.enabled", "true"));
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private IngestResult ingest(Path file) {
        IngestResult result = saga.ingest(file);
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        return result;
    }

    private IngestResult ingest() {
        return ingest(saga.text("keeper-" + files++ + ".txt", 40));
    }

    private Receipt receipt(IngestResult result) {
        return saga.journal()
                .receipts()
                .find(Receipt.Kind.COMPLETION, result.sagaId())
                .orElseThrow();
    }

    private Statement statement(Receipt receipt) {
        VerificationKeys keys =
                VerificationKeys.of(saga.journal().receipts().keys().values());
        return ReceiptVerifier.verify(receipt.jws(), keys).statement();
    }

    private SagaRecord record(IngestResult result) {
        return saga.journal().sagas().find(result.sagaId()).orElseThrow();
    }

    private String key(IngestResult result) {
        return record(result).document().orElseThrow().keyPrefix() + "receipt.jws";
    }

    private void awaitCopy(IngestResult result) {
        await().atMost(Duration.ofSeconds(30)).until(() -> saga.keys().contains(key(result)));
    }

    private String copy(IngestResult result) {
        awaitCopy(result);
        return saga.bucket()
                .getObjectAsBytes(r -> r.bucket(StreamingSagaFixture.BUCKET).key(key(result)))
                .asString(StandardCharsets.US_ASCII);
    }

    @Test
    void states_what_was_stored() {
        Path file = saga.file("scan.bin", 2 * StreamingSagaFixture.CHUNK + 1000);

        IngestResult result = ingest(file);

        Receipt receipt = receipt(result);
        Statement statement = statement(receipt);
        assertThat(statement.kind()).isEqualTo(Statement.COMPLETION);
        assertThat(statement.document().fileName()).isEqualTo("scan.bin");
        assertThat(statement.document().sha256()).isEqualTo(result.sha256());
        assertThat(statement.document().sizeBytes()).isEqualTo(2L * StreamingSagaFixture.CHUNK + 1000);
        assertThat(statement.document().completedAt())
                .isEqualTo(record(result).finishedAt().orElseThrow().toString());
        assertThat(statement.content())
                .isNotNull()
                .satisfies(content -> assertThat(content.chunks())
                        .hasSize(3)
                        .allSatisfy(chunk -> assertThat(saga.keys()).contains(content.keyPrefix() + chunk.name())));
        assertThat(statement.stores()).isEqualTo(result.stores());
        assertThat(statement.warnings())
                .isEqualTo(result.warnings().stream()
                        .map(IngestResult.WarningResult::code)
                        .distinct()
                        .toList());
        assertThat(statement.chain().journal()).isEqualTo(saga.journal().epoch());
        assertThat(copy(result)).isEqualTo(receipt.jws());
        assertThat(statement(receipt(ingest())).software())
                .isNotNull()
                .satisfies(software -> assertThat(software.embeddingModel()).isNotBlank());
    }

    private HttpResponse<String> get(String path) throws Exception {
        URI address = saga.application().address().orElseThrow();
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(address.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void is_served_over_http_with_the_keys_and_proofs_of_chunks() throws Exception {
        IngestResult result = ingest();
        String document = "/api/documents/" + result.documentId();

        HttpResponse<String> receipt = get(document + "/receipt");
        assertThat(receipt.statusCode()).isEqualTo(200);
        assertThat(receipt.headers().firstValue("Content-Type")).contains("application/jose");
        assertThat(receipt.body()).isEqualTo(receipt(result).jws());
        HttpResponse<String> keys = get("/api/receipts/keys");
        assertThat(keys.body()).doesNotContain("\"d\"");
        ReceiptVerifier.Verified verified = ReceiptVerifier.verify(receipt.body(), VerificationKeys.parse(keys.body()));
        assertThat(InclusionProof.parse(get(document + "/receipt?chunk=0").body()))
                .isEqualTo(InclusionProof.of(verified, 0));
        assertThat(get(document + "/receipt?chunk=1").statusCode()).isEqualTo(404);
        assertThat(get(document + "/receipt?chunk=x").statusCode()).isEqualTo(400);
        assertThat(get(document).body())
                .contains("\"receipt\":{\"sequence\":" + receipt(result).sequence());
        assertThat(get("/api/sagas/" + result.sagaId()).body()).contains("\"receipt\":{\"sequence\":");
        assertThat(get("/api/documents/0000/receipt").statusCode()).isEqualTo(404);
    }

    @Test
    void chains_receipts() {
        Receipt first = receipt(ingest());
        Receipt second = receipt(ingest());

        assertThat(second.sequence()).isEqualTo(first.sequence() + 1);
        assertThat(statement(second).chain().previous()).isEqualTo(first.sha256());
    }

    @Test
    void issues_and_copies_later_what_was_lost() {
        IngestResult lost = ingest();
        awaitCopy(lost);
        saga.execute("journal", "DELETE FROM receipt WHERE saga_id = '" + lost.sagaId() + "'");
        saga.execute("journal", "UPDATE saga SET receipt_sequence = NULL WHERE saga_id = '" + lost.sagaId() + "'");
        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(key(lost)));

        await().atMost(Duration.ofSeconds(30))
                .until(() -> saga.journal()
                        .receipts()
                        .find(Receipt.Kind.COMPLETION, lost.sagaId())
                        .isPresent());

        assertThat(statement(receipt(lost)).document().sha256()).isEqualTo(lost.sha256());
        assertThat(statement(receipt(lost)).software())
                .isNotNull()
                .satisfies(software -> assertThat(software.embeddingModel())
                        .as("not known for sure any more")
                        .isNull());
        assertThat(copy(lost)).isEqualTo(receipt(lost).jws());
    }

    @Test
    void a_document_is_completed_while_the_bucket_takes_no_receipt() {
        FaultRule rule = saga.s3()
                .when(request -> request.path().endsWith("/receipt.jws"))
                .always()
                .answer(503, "SlowDown");
        IngestResult result;
        try {
            result = ingest();
            await().atMost(Duration.ofSeconds(30)).until(() -> rule.applied() > 0);
            assertThat(saga.journal().receipts().isCopied(receipt(result))).isFalse();
        } finally {
            rule.remove();
        }

        assertThat(copy(result)).isEqualTo(receipt(result).jws());
    }

    @Test
    void a_superseded_version_leaves_its_receipt_in_the_journal_only() throws Exception {
        Path file = saga.text("versions.txt", 40);
        IngestResult old = ingest(file);
        awaitCopy(old);

        IngestResult current = ingest(file);

        awaitCopy(current);
        assertThat(saga.keys()).doesNotContain(key(old));
        assertThat(statement(receipt(old)).document().sha256()).isEqualTo(old.sha256());
        String path = "/api/documents/" + current.documentId() + "/receipt";
        assertThat(get(path + "?version=1").body()).isEqualTo(receipt(old).jws());
        assertThat(get(path + "?version=2").body()).isEqualTo(receipt(current).jws());
        assertThat(get(path).body()).isEqualTo(receipt(current).jws());
        assertThat(get(path + "?version=3").body()).contains("no-version");
        assertThat(get(path + "?version=1&chunk=0").body()).contains(old.sha256());
    }

    @Test
    void verify_finds_and_repairs_a_receipt_that_is_lost_or_changed_in_the_bucket() {
        IngestResult result = ingest();
        awaitCopy(result);
        var check = Internals.documentCheck(saga.application().bundle());
        await().until(() -> check.check(record(result), false).isEmpty());

        for (boolean delete : List.of(true, false)) {
            if (delete) {
                saga.bucket()
                        .deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(key(result)));
            } else {
                saga.put(key(result), "changed".getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(check.check(record(result), false))
                    .singleElement()
                    .satisfies(drift -> assertThat(drift.kind())
                            .isEqualTo(delete ? Drift.DriftKind.MISSING : Drift.DriftKind.DIFFERENT));
            assertThat(check.repair(record(result), false)).allMatch(Drift::repaired);
            assertThat(copy(result)).isEqualTo(receipt(result).jws());
        }
    }

    private Optional<Receipt> deletion(IngestResult result) {
        return saga.journal().receipts().find(Receipt.Kind.DELETION, result.sagaId());
    }

    private Deletion delete(IngestResult result) throws InterruptedException {
        SagaOperator operator = saga.application().bundle().operator();
        return operator.awaitDeletion(
                operator.delete(result.documentId(), "expired", "keeper"), Duration.ofSeconds(60));
    }

    private List<ReceiptFinding> findings(IngestResult about) {
        List<ReceiptFinding> findings = new ArrayList<>();
        saga.application().bundle().operator().checkReceipts(true, findings::add);
        findings.removeIf(finding -> !finding.documentId().equals(about.documentId())
                && finding.kind() != ReceiptFinding.FindingKind.CHAIN_BROKEN);
        return findings;
    }

    @Test
    void every_version_of_a_deleted_document_has_a_receipt_that_says_so() throws Exception {
        Path file = saga.text("deleted.txt", 40);
        IngestResult old = ingest(file);
        IngestResult current = ingest(file);
        awaitCopy(current);

        Deletion deletion = delete(current);

        assertThat(deletion.state()).isEqualTo(DeletionState.DELETED);
        for (IngestResult version : List.of(old, current)) {
            Statement statement = statement(deletion(version).orElseThrow());
            assertThat(statement.deletion())
                    .isEqualTo(new Statement.Deletion(
                            "expired",
                            "keeper",
                            deletion.requestedAt().toString(),
                            deletion.finishedAt().orElseThrow().toString(),
                            false,
                            List.of()));
            assertThat(statement.receiptSha256()).isEqualTo(receipt(version).sha256());
        }
        assertThat(findings(current)).isEmpty();
        assertThat(saga.keys()).noneMatch(key -> key.contains(current.documentId()));
        HttpResponse<String> gone = get("/api/documents/" + current.documentId() + "/receipt");
        assertThat(gone.statusCode()).isEqualTo(410);
        assertThat(gone.body()).contains("\"deletion\":{", "expired");
    }

    @Test
    void the_receipt_of_a_deletion_is_issued_once_and_later_if_it_was_lost() throws Exception {
        IngestResult result = ingest();
        awaitCopy(result);
        saga.execute(
                "journal",
                "CREATE TRIGGER no_receipt BEFORE INSERT ON receipt BEGIN SELECT RAISE(ABORT, 'on purpose'); END");
        try {
            assertThat(delete(result).state()).isEqualTo(DeletionState.DELETED);
            assertThat(deletion(result)).isEmpty();
        } finally {
            saga.execute("journal", "DROP TRIGGER no_receipt");
        }

        await().atMost(Duration.ofSeconds(30)).until(() -> deletion(result).isPresent());

        Receipt issued = deletion(result).orElseThrow();
        Internals.engine(saga.application().bundle())
                .issueReceipts(
                        saga.journal().deletions().ofSaga(result.sagaId()).orElseThrow());
        assertThat(deletion(result)).contains(issued);
        assertThat(findings(result)).isEmpty();
    }

    @Test
    void a_deletion_is_a_receipt_of_the_chain_too() {
        IngestResult result = ingest();
        awaitCopy(result);
        Receipts receipts = Internals.receipts(saga.application().bundle());
        Statement.Deletion facts = new Statement.Deletion("expired", "os:keeper", "t1", "t2", true, List.of());

        Receipt deleted = receipts.deletion(record(result), facts).orElseThrow();

        assertThat(receipts.deletion(record(result), facts)).contains(deleted);
        Statement statement = statement(deleted);
        assertThat(statement.kind()).isEqualTo(Statement.DELETION);
        assertThat(statement.deletion()).isEqualTo(facts);
        assertThat(statement.receiptSha256()).isEqualTo(receipt(result).sha256());
        assertThat(statement.document().fileName()).isNull();
    }
}
