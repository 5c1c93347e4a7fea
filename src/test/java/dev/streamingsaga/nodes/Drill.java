package dev.streamingsaga.nodes;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Sends documents to a cluster while nodes and servers go away, then asks what became of them. */
final class Drill implements AutoCloseable {
    private static final Duration SETTLE_LIMIT = Duration.ofMinutes(12);

    /** Longer than a source waits before it delivers a document again. */
    private static final Duration IDLE_LIMIT = Duration.ofSeconds(150);

    private final String name;
    private final Cluster cluster;
    private final Observer observer;
    private final Senders senders;
    private final List<TestDocument> documents = new ArrayList<>();
    private final Map<String, String> figures = new LinkedHashMap<>();
    private final StringBuilder log = new StringBuilder();
    private List<Future<?>> sent = List.of();
    private final ScheduledExecutorService supervisor = Executors.newScheduledThreadPool(1);
    private int kills;
    private long queriesBefore;
    private Instant sentAt = Instant.EPOCH;
    private final AtomicInteger starts = new AtomicInteger();

    Drill(String name, Cluster cluster) {
        this.name = name;
        this.cluster = cluster;
        this.observer = new Observer(cluster);
        this.senders = cluster.senders();
    }

    void send(int count, Duration interval) throws IOException {
        Path originals = Files.createDirectories(cluster.janitor().base().resolve("originals"));
        for (int number = 0; number < count; number++) {
            documents.add(TestDocument.create(number, originals));
        }
        queriesBefore = Observer.queries(cluster.database());
        sentAt = Instant.now();
        sent = senders.send(documents, interval);
        say("sends " + count + " documents");
    }

    boolean isSending() {
        return sent.stream().anyMatch(each -> !each.isDone());
    }

    /** SIGKILL. The supervisor starts it again. */
    void kill(Node node) {
        say("kills " + node.name());
        observer.killed(node);
        kills++;
        node.process().kill();
    }

    /** SIGTERM, and a new start as soon as it has ended. Returns when it is ready. */
    void stopAndRestart(Node node) {
        say("stops " + node.name());
        observer.killed(node);
        node.process().stop();
        node.process().start();
        say(node.name() + " is ready");
    }

    /** As an init system: starts a node that has ended. */
    private void supervise() {
        for (Node node : cluster.nodes()) {
            if (!node.process().isRunning()) {
                starts.incrementAndGet();
                node.process().begin();
            }
        }
    }

    Drill supervised() {
        supervisor.scheduleWithFixedDelay(this::supervise, 1, 1, TimeUnit.SECONDS);
        return this;
    }

    Servers servers() {
        return cluster.servers();
    }

    List<Node> nodes() {
        return cluster.nodes();
    }

    void restart(ServerProcess server, Duration away) {
        say("stops " + server.name() + " for " + away.toSeconds() + " s");
        server.stop();
        pause(away);
        server.start();
        say(server.name() + " is back");
    }

    /** Lets time pass: nothing is waited for. */
    static void pause(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        await().pollInterval(Duration.ofMillis(100))
                .atMost(time.plusMinutes(1))
                .until(() -> System.nanoTime() - end >= 0);
    }

    private void say(String what) {
        String line = LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + " " + what;
        log.append(line).append('\n');
        System.out.println(name + ": " + line);
    }

    /** Waits until every document is accepted and every saga has ended, and asks. */
    Verdict verdict() throws Exception {
        for (Future<?> each : sent) {
            each.get(10, TimeUnit.MINUTES);
        }
        say("all documents are accepted");
        awaitEnd();
        say("settled");
        long queries = Observer.queries(cluster.database()) - queriesBefore;
        long seconds = Duration.between(sentAt, Instant.now()).toSeconds();
        Verdict verdict = Verdict.of(cluster, documents);
        figures.put("outcome", verdict.summary());
        figures.put("nodes killed, started again", kills + ", " + starts);
        figures.put(
                "sagas by state, reason",
                cluster
                        .database()
                        .rows("select state, coalesce(reason, ''), count(*) from saga group by 1, 2 order by 1, 2")
                        .stream()
                        .map(row -> String.join(" ", row))
                        .toList()
                        .toString());
        figures.put("runs", cluster.database().ask("select 'total ' || sum(run) || ', most ' || max(run) from saga"));
        figures.put("documents took", seconds + " s");
        figures.put(
                "busy queries per second and node",
                "%.1f; %d for each document"
                        .formatted((double) queries / seconds / cluster.nodes().size(), queries / documents.size()));
        figures.put("HTTP answers", senders.answers());
        figures.put("take-over after a kill", observer.takeOverTimes());
        figures.put("connections, most of each host", "" + observer.connections());
        return verdict;
    }

    /** Until all documents are completed, or nothing has happened for so long that nothing will. */
    private void awaitEnd() {
        Instant limit = Instant.now().plus(SETTLE_LIMIT);
        AtomicReference<Instant> idleSince = new AtomicReference<>(Instant.MAX);
        await().atMost(SETTLE_LIMIT.plusMinutes(1))
                .pollInterval(Duration.ofSeconds(1))
                .ignoreExceptions()
                .until(() -> {
                    boolean idle = Verdict.isIdle(cluster.database());
                    idleSince.updateAndGet(
                            since -> !idle ? Instant.MAX : since.equals(Instant.MAX) ? Instant.now() : since);
                    boolean over = idle && Verdict.isComplete(cluster.database(), documents.size());
                    boolean givenUp = Instant.now().isAfter(limit)
                            || idle && idleSince.get().plus(IDLE_LIMIT).isBefore(Instant.now());
                    return over || givenUp;
                });
    }

    /** Queries of the nodes in a time in which they have nothing to do. */
    void measureIdle(Duration time) {
        long before = Observer.queries(cluster.database());
        pause(time);
        long queries = Observer.queries(cluster.database()) - before;
        figures.put(
                "idle queries per second and node",
                "%.1f"
                        .formatted((double) queries
                                / time.toSeconds()
                                / cluster.nodes().size()));
    }

    void figure(String what, String value) {
        figures.put(what, value);
    }

    /** Prints the figures and writes them to {@code target/nodes/NAME}, with the logs. */
    void report(List<String> problems) throws IOException {
        StringBuilder report = new StringBuilder("| " + name + " | |\n|---|---|\n");
        figures.forEach((what, value) ->
                report.append("| ").append(what).append(" | ").append(value).append(" |\n"));
        Path folder = cluster.keepLogs(name);
        Files.writeString(folder.resolve("report.md"), report);
        Files.writeString(folder.resolve("events.txt"), log);
        Files.writeString(folder.resolve("problems.txt"), String.join("\n", problems) + "\n");
        System.out.println(report);
        problems.forEach(System.out::println);
    }

    List<String> wrongAnswers() {
        return senders.wrongAnswers();
    }

    @Override
    public void close() {
        supervisor.shutdownNow();
        senders.close();
        observer.close();
        cluster.close();
    }
}
