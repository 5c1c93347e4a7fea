package dev.streamingsaga.crash;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.FetchResult;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Databases.OpenDatabase;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.embedded.BucketConnection;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.encryption.DocumentKeys;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.receipt.ReceiptVerifier;
import dev.streamingsaga.sealing.Sealing;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Checks bucket, stores, journal and source directly, while the application is not running. */
final class Oracle {
    /** Counts that are 0 without a document, and equal those of the reference run for a complete one. */
    private static final Map<String, List<String>> COUNTS = Map.of(
            "security", List.of("security_document", "security_document WHERE visible = 1"),
            "vector",
                    List.of(
                            "vector_document",
                            "vector_document WHERE visible = 1",
                            "vector_segment",
                            "(SELECT DISTINCT ordinal FROM vector_segment)",
                            "vector_words WHERE vector_words MATCH 'lighthous'"),
            "graph", List.of("graph_document", "graph_document WHERE visible = 1", "graph_node", "graph_edge"),
            "relational", List.of("relational_document", "relational_document WHERE visible = 1"));

    private static final String BUCKET_FILES = "files in the bucket";

    /** A chunk, the manifest and the receipt. */
    private static final int FILES_OF_KEPT = 3;

    private final Path source;
    private final String sha256;
    private Map<String, Long> reference = Map.of();

    Oracle(Path source) throws IOException {
        this.source = source;
        this.sha256 = sha256(source);
    }

    /** @param violations what is wrong; empty if everything is correct */
    record Finding(String outcome, List<String> violations) {}

    /** Takes the counts of an undisturbed run as the reference. */
    void learn(Path data) throws IOException, SQLException {
        reference = counts(data);
        List<String> violations = check(data, "COMPLETED", false).violations();
        if (!violations.isEmpty() || reference.values().stream().anyMatch(count -> count == 0)) {
            throw new IllegalStateException("a run without a kill is not complete: " + violations + " " + reference);
        }
    }

    /**
     * @param expected COMPLETED or COMPENSATED
     * @param mayBeNone no saga is also correct, if there is no data either: it may never have begun
     */
    Finding check(Path data, String expected, boolean mayBeNone) throws IOException, SQLException {
        List<String> violations = new ArrayList<>();
        List<String> sagas =
                rows(data, "journal", "SELECT state || ' ' || run || ' ' || (published_at IS NOT NULL) FROM saga");
        String outcome = sagas.isEmpty() ? "NONE" : sagas.get(0).split(" ")[0];
        if (sagas.size() > 1 || sagas.isEmpty() && !mayBeNone || !sagas.isEmpty() && !outcome.equals(expected)) {
            violations.add("sagas are " + sagas + ", expected " + expected);
        }
        equal(violations, "claims on sources", 0, count(data, "journal", "source_claim"));
        equal(
                violations,
                "open clean-up entries",
                0,
                count(data, "journal", "cleanup WHERE state IN ('PENDING','BLOCKED')"));
        boolean completed = outcome.equals("COMPLETED");
        equal(violations, "receipts", completed ? 1 : 0, count(data, "journal", "receipt"));
        counts(data)
                .forEach((what, count) ->
                        equal(violations, what, completed ? reference.getOrDefault(what, -1L) : 0, count));
        if (completed) {
            complete(data, violations);
        } else {
            equal(
                    violations,
                    "files in the bucket " + files(data),
                    0,
                    files(data).size());
        }
        if (!sha256(source).equals(sha256)) {
            violations.add("the source has changed");
        }
        return new Finding(outcome, violations);
    }

    /**
     * Expects three versions of one document: the newest in every store, the one before it only in the bucket, the
     * first one nowhere.
     */
    Finding checkVersions(Path data) throws IOException, SQLException {
        List<String> violations = new ArrayList<>();
        List<String> versions = rows(
                data,
                "journal",
                "SELECT v.number || ' ' || v.state || ' ' || saga.state || ' ' || (published_at IS NOT NULL) || ' '"
                        + " || (superseded_by IS NULL) FROM document_version v JOIN saga USING (saga_id)"
                        + " ORDER BY number");
        List<String> expected = List.of("1 REMOVED COMPLETED 1 0", "2 KEPT COMPLETED 1 0", "3 CURRENT COMPLETED 1 1");
        if (!versions.equals(expected) || count(data, "journal", "saga") != expected.size()) {
            violations.add("versions are " + versions + ", expected " + expected);
        }
        equal(violations, "claims on sources", 0, count(data, "journal", "source_claim"));
        equal(
                violations,
                "open clean-up entries",
                0,
                count(data, "journal", "cleanup WHERE state IN ('PENDING','BLOCKED')"));
        counts(data)
                .forEach((what, count) -> equal(
                        violations,
                        what,
                        reference.getOrDefault(what, -1L) + (what.equals(BUCKET_FILES) ? FILES_OF_KEPT : 0),
                        count));
        List<String> prefixes = rows(data, "journal", "SELECT key_prefix FROM saga ORDER BY saga_id");
        try (BucketConnection bucket =
                BucketConnection.openReadOnly(Settings.parse(ChildJvm.settings(data, Map.of())))) {
            for (String prefix : prefixes.subList(1, prefixes.size())) {
                bucket.chunks().fetch(prefix, OutputStream.nullOutputStream());
            }
        } catch (RuntimeException e) {
            violations.add("a version can't be fetched: " + e);
        }
        return new Finding("COMPLETED", violations);
    }

    /** Without a request of the deletion the document is complete; with one, nothing but the tombstone is left. */
    Finding checkDeleted(Path data) throws IOException, SQLException {
        List<String> deletions = rows(data, "journal", "SELECT state FROM deletion");
        if (deletions.isEmpty()) {
            return check(data, "COMPLETED", false);
        }
        List<String> violations = new ArrayList<>();
        if (!deletions.equals(List.of("DELETED"))) {
            violations.add("deletions are " + deletions);
        }
        counts(data).forEach((what, count) -> equal(violations, what, 0, count));
        equal(
                violations,
                "sagas that are not deleted",
                0,
                count(data, "journal", "saga WHERE deletion_id IS NULL OR published_at IS NULL"));
        equal(violations, "versions of the tombstone", 1, count(data, "journal", "deleted_version"));
        equal(
                violations,
                "open clean-up entries",
                0,
                count(data, "journal", "cleanup WHERE state IN ('PENDING','BLOCKED')"));
        equal(violations, "steps with data", 0, count(data, "journal", "step WHERE state <> 'COMPENSATED'"));
        if (!sha256(source).equals(sha256)) {
            violations.add("the source has changed");
        }
        return new Finding("DELETED", violations);
    }

    /** Expects only the original and its outcome in {@code .done}, and nothing in the drop folder itself. */
    List<String> checkDropped(Path data) throws IOException, SQLException {
        List<String> violations = new ArrayList<>();
        Path folder = Lane.dropFolder(data);
        Path moved = folder.resolve(".done").resolve(source.getFileName());
        Path json = moved.resolveSibling(moved.getFileName() + ".json");
        List<Path> found =
                filesIn(folder).stream().filter(file -> !isLock(file)).toList();
        if (!found.equals(List.of(folder.relativize(moved), folder.relativize(json)))) {
            violations.add("the drop folder holds " + found);
        } else if (!sha256(moved).equals(sha256)) {
            violations.add("the dropped file has changed");
        } else if (!rows(data, "journal", "SELECT saga_id FROM saga")
                .contains(new ObjectMapper()
                        .readTree(json.toFile())
                        .path("sagaId")
                        .asText())) {
            violations.add(json + " names another saga");
        }
        return violations;
    }

    /** The lock on the folder, and the marks of the journal that takes its files. */
    private static boolean isLock(Path file) {
        return file.getFileName().toString().matches("\\.lock|\\.owner(-[0-9a-f-]+)?\\.lock");
    }

    private void complete(Path data, List<String> violations) throws SQLException, IOException {
        equal(violations, "published sagas", 1, count(data, "journal", "saga WHERE published_at IS NOT NULL"));
        equal(violations, "unwritten steps", 0, count(data, "journal", "step WHERE state <> 'WRITTEN'"));
        equal(violations, "unverified chunks", 0, count(data, "journal", "chunk WHERE state <> 'VERIFIED'"));
        String prefix = rows(data, "journal", "SELECT key_prefix FROM saga").get(0);
        boolean sealed = Files.exists(Lane.keyFile(data));
        SagaConfig config = Settings.parse(ChildJvm.settings(data, sealed ? Phase.SEALED.settings(data) : Map.of()));
        try (BucketConnection bucket = BucketConnection.openReadOnly(config);
                OpenDatabase journal =
                        Databases.open("journal", config.servers().journal(), data)) {
            List<String> keys = bucket.chunks().keys("").stream()
                    .filter(key -> !isOwnerObject(key))
                    .toList();
            if (keys.size() != files(data).size() || !keys.stream().allMatch(key -> key.startsWith(prefix))) {
                violations.add("the bucket lists " + keys + ", the saga's prefix is " + prefix);
            }
            receipt(data, bucket.chunks().receipts().read(prefix), violations);
            MessageDigest digest = digest();
            FetchResult fetched = documents(config, bucket, journal)
                    .fetch(prefix, new DigestOutputStream(OutputStream.nullOutputStream(), digest));
            if (!HexFormat.of().formatHex(digest.digest()).equals(sha256)
                    || !fetched.sha256().equals(sha256)) {
                violations.add("the bytes fetched are not the source's");
            }
            if (sealed) {
                sealed(data, violations);
            }
        } catch (RuntimeException e) {
            violations.add("the document can't be fetched: " + e);
        }
    }

    private static ChunkStore documents(SagaConfig config, BucketConnection bucket, OpenDatabase journal) {
        Optional<DocumentKeys> keys = DocumentEncryption.open(
                        config.servers().encryption(), new Journal(journal.dataSource(), Clock.systemUTC(), "oracle"))
                .map(DocumentEncryption::keys);
        return new ChunkStore(
                config, bucket.client(), Sealing.open(config.documents().chunk().storedAs(), keys));
    }

    /** No object may hold the text, and the journal must know each by its own hash. */
    private static void sealed(Path data, List<String> violations) throws IOException, SQLException {
        for (String file : files(data)) {
            byte[] bytes = Files.readAllBytes(data.resolve("bucket").resolve(file));
            if (new String(bytes, StandardCharsets.ISO_8859_1).contains("lighthouse")) {
                violations.add(file + " is not encrypted");
            }
            if (!file.endsWith("manifest.json") && !file.endsWith("receipt.jws")) {
                equal(
                        violations,
                        "chunks with the hash of " + file,
                        1,
                        count(data, "journal", "chunk WHERE stored_sha256 = '" + Sha256.of(bytes) + "'"));
            }
        }
    }

    /** Expects the only receipt of a chain; the bucket has its copy, of an encrypted document a reference to it. */
    private void receipt(Path data, Optional<String> copy, List<String> violations) throws SQLException {
        List<String> receipts = rows(data, "journal", "SELECT jws FROM receipt");
        List<String> copies = rows(data, "journal", "SELECT coalesce(copy, jws) FROM receipt");
        if (!copies.equals(copy.stream().toList())) {
            violations.add("the bucket has the receipt " + copy + ", the journal " + copies);
            return;
        }
        dev.streamingsaga.receipt.Statement statement =
                ReceiptVerifier.verify(receipts.get(0)).statement();
        if (!sha256.equals(statement.document().sha256())
                || statement.chain().sequence() != 1
                || !rows(data, "journal", "SELECT sequence || ' ' || sha256 FROM receipt_head")
                        .equals(List.of("1 " + sha256(receipts.get(0).getBytes(StandardCharsets.US_ASCII))))) {
            violations.add("the receipt states " + statement);
        }
    }

    private static void equal(List<String> violations, String what, long expected, long actual) {
        if (expected != actual) {
            violations.add(what + ": " + actual + " instead of " + expected);
        }
    }

    private static Map<String, Long> counts(Path data) throws IOException, SQLException {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> store : COUNTS.entrySet()) {
            for (String table : store.getValue()) {
                counts.put(store.getKey() + ": " + table, count(data, store.getKey(), table));
            }
        }
        counts.put(BUCKET_FILES, (long) files(data).size());
        return counts;
    }

    /** Includes half-written files, which the server would remove at its next start. */
    private static List<String> files(Path data) throws IOException {
        return filesIn(data.resolve("bucket")).stream()
                .map(Path::toString)
                .filter(file -> !isOwnerObject(file))
                .toList();
    }

    private static List<Path> filesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(folder::relativize)
                    .sorted()
                    .toList();
        }
    }

    static long count(Path data, String store, String table) throws SQLException {
        return Long.parseLong(rows(data, store, "SELECT count(*) FROM " + table).get(0));
    }

    static List<String> rows(Path data, String store, String query) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + data.resolve(store + ".db") + "?busy_timeout=10000");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }

    private static String sha256(Path file) throws IOException {
        return sha256(Files.readAllBytes(file));
    }

    static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(digest().digest(bytes));
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The object that names the owner of the bucket; belongs to no saga. */
    private static boolean isOwnerObject(String key) {
        return key.endsWith("/.owner.json");
    }
}
