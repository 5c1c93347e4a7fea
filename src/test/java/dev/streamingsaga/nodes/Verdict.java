package dev.streamingsaga.nodes;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** What became of the documents, as databases and bucket say it. The application is asked for the content only. */
final class Verdict {
    private static final String COMPLETED =
            "state = 'COMPLETED' and published_at is not null and superseded_by is null";
    private static final String PREFIX = "saga/";

    private final Cluster cluster;
    private final List<TestDocument> documents;
    private final List<String> problems = new ArrayList<>();
    private int completed;
    private int lost;
    private int doubled;
    private int residue;
    private int different;

    private Verdict(Cluster cluster, List<TestDocument> documents) {
        this.cluster = cluster;
        this.documents = documents;
    }

    static Verdict of(Cluster cluster, List<TestDocument> documents) throws IOException, InterruptedException {
        Verdict verdict = new Verdict(cluster, documents);
        verdict.askJournal();
        verdict.askStores();
        verdict.askBucket();
        verdict.askBroker();
        verdict.lookIntoDropFolder();
        verdict.fetch();
        return verdict;
    }

    /** Whether no saga runs, waits or is to be published. */
    static boolean isIdle(Database database) {
        return database.count("select count(*) from saga where state not in"
                        + " ('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED')"
                        + " or state = 'COMPLETED' and published_at is null and superseded_by is null")
                == 0;
    }

    /** Whether each document is completed, as far as their number shows it. */
    static boolean isComplete(Database database, int documents) {
        return database.count("select count(distinct sha256) from saga where " + COMPLETED) >= documents;
    }

    private void askJournal() {
        Map<String, Integer> found = new HashMap<>();
        for (String[] row : cluster.database().rows("select sha256 from saga where " + COMPLETED)) {
            found.merge(row[0], 1, Integer::sum);
        }
        for (TestDocument document : documents) {
            int times = found.getOrDefault(document.sha256(), 0);
            if (times == 0) {
                lost++;
                problems.add("lost: " + document.name() + " (" + document.entry() + ") " + story(document));
            } else {
                completed++;
            }
            if (times > 1) {
                doubled++;
                problems.add("doubled: " + document.name() + " (" + document.entry() + ") " + times + " times "
                        + story(document));
            }
        }
        cluster.database()
                .rows(
                        "select saga_id, step, resource, state, last_error from cleanup where state not in ('DONE', 'RESOLVED')")
                .forEach(row -> residue("clean-up " + String.join(" ", row)));
        cluster.database()
                .rows("select saga_id, source from source_claim")
                .forEach(row -> residue("claim " + String.join(" ", row)));
    }

    private String story(TestDocument document) {
        StringBuilder story = new StringBuilder();
        for (String[] saga : cluster.database()
                .rows("select saga_id, state, coalesce(reason, ''), run, node, source,"
                        + " translate(coalesce(message, ''), E'\\n\\t', '  ') from saga where file_name like '%"
                        + document.name() + "'")) {
            story.append("\n    ").append(String.join(" | ", saga));
            cluster.database()
                    .rows("select to_timestamp(at / 1000.0)::timestamp(0), kind, coalesce(step, ''),"
                            + " translate(left(message, 160), E'\\n\\t', '  ') from event where saga_id = '"
                            + saga[0] + "' order by event_id")
                    .forEach(event -> story.append("\n        ").append(String.join(" ", event)));
        }
        return story.toString();
    }

    private void askStores() {
        List<String> tables = new ArrayList<>(
                List.of("security_document", "relational_document", "graph_document", "graph_node", "graph_edge"));
        if (cluster.database().hasVectors()) {
            tables.addAll(List.of("vector_document", "vector_segment"));
        }
        for (String table : tables) {
            long strangers = cluster.database()
                    .count("select count(*) from " + table + " where saga_id not in (select saga_id from saga where "
                            + COMPLETED + ")");
            if (strangers > 0) {
                residue(table + " has " + strangers + " rows of no completed document");
            }
        }
        for (String table :
                tables.stream().filter(name -> name.endsWith("_document")).toList()) {
            long visible =
                    cluster.database().count("select count(distinct saga_id) from " + table + " where visible = 1");
            if (visible != completed) {
                problems.add(table + " has " + visible + " visible documents instead of " + completed);
            }
        }
    }

    private void residue(String what) {
        residue++;
        problems.add("residue: " + what);
    }

    private void askBucket() {
        Set<String> expected = new HashSet<>();
        for (String[] row : cluster.database().rows("select key_prefix, chunk_count from saga where " + COMPLETED)) {
            expected.add(row[0] + "manifest.json");
            for (int chunk = 0; chunk < Integer.parseInt(row[1]); chunk++) {
                expected.add("%schunk-%06d".formatted(row[0], chunk));
            }
        }
        Set<String> listed = new TreeSet<>();
        try (S3Client s3 = cluster.servers().s3()) {
            s3.listObjectsV2Paginator(request -> request.bucket(Servers.BUCKET)).contents().stream()
                    .map(S3Object::key)
                    .filter(name -> !name.equals(PREFIX + ".owner.json"))
                    .forEach(listed::add);
        }
        listed.stream().filter(name -> !expected.contains(name)).forEach(name -> residue("object " + name));
        expected.stream()
                .filter(name -> !listed.contains(name))
                .forEach(name -> problems.add("missing: object " + name));
    }

    /** Every message was answered COMPLETED, and none is a dead letter. */
    private void askBroker() {
        Set<String> open = documents.stream()
                .filter(document -> document.entry() == TestDocument.Entry.BYTES_MESSAGE
                        || document.entry() == TestDocument.Entry.CLAIM_CHECK)
                .map(TestDocument::sha256)
                .collect(Collectors.toCollection(HashSet::new));
        allowTime(() -> {
            for (String reply : BrokerProcess.receiveAll(cluster.servers().brokerUrl(), BrokerProcess.REPLIES)) {
                JsonNode line = new ObjectMapper().readTree(reply);
                if (line.path("status").asText().equals("COMPLETED")) {
                    open.remove(line.path("sha256").asText());
                }
            }
            return open.isEmpty();
        });
        documents.stream()
                .filter(document -> open.contains(document.sha256()))
                .forEach(document -> problems.add("no reply COMPLETED for " + document.name()));
        BrokerProcess.receiveAll(cluster.servers().brokerUrl(), BrokerProcess.DEAD)
                .forEach(message -> problems.add("dead letter: " + message));
    }

    private void lookIntoDropFolder() {
        allowTime(() -> dropped().isEmpty());
        dropped().forEach(file -> problems.add("not settled: " + file));
    }

    /** Files that were not moved to {@code .done}. */
    private List<Path> dropped() {
        Path folder = cluster.shared().resolve("drop");
        List<Path> found = new ArrayList<>();
        for (Path place : List.of(folder, folder.resolve(".failed"))) {
            try (Stream<Path> files = Files.isDirectory(place) ? Files.list(place) : Stream.empty()) {
                files.filter(file -> file.getFileName().toString().startsWith("document"))
                        .forEach(found::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    /** What follows the outcome of a saga may still be on its way. */
    private static void allowTime(Callable<Boolean> done) {
        try {
            await().atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(done);
        } catch (ConditionTimeoutException e) {
            // The caller says what is missing.
        }
    }

    private void fetch() throws IOException, InterruptedException {
        Map<String, String> ids = new HashMap<>();
        for (String[] row : cluster.database().rows("select sha256, document_id from saga where " + COMPLETED)) {
            ids.put(row[0], row[1]);
        }
        HttpClient client = HttpClient.newHttpClient();
        for (TestDocument document : documents) {
            String id = ids.get(document.sha256());
            if (id == null) {
                continue;
            }
            Node node = cluster.nodes().get(document.number() % cluster.nodes().size());
            HttpResponse<byte[]> answer = client.send(
                    HttpRequest.newBuilder(node.url().resolve("/api/documents/" + id + "/content"))
                            .header("Authorization", "Bearer " + cluster.key())
                            .build(),
                    BodyHandlers.ofByteArray());
            if (answer.statusCode() != 200
                    || !TestDocument.sha256(answer.body()).equals(document.sha256())) {
                different++;
                problems.add("different: " + document.name() + " from " + node.name() + ": " + answer.statusCode());
            }
        }
    }

    List<String> problems() {
        return problems;
    }

    String summary() {
        return "%d of %d COMPLETED, %d lost, %d doubled, %d residue, %d fetched with other bytes"
                .formatted(completed, documents.size(), lost, doubled, residue, different);
    }
}
