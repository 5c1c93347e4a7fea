package dev.streamingsaga.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.Driver;
import org.neo4j.driver.GraphDatabase;
import org.neo4j.driver.Session;

/**
 * A real Neo4j server on a free loopback port, as a process with a class path of its own. Without that class path,
 * which the build writes, tests are skipped.
 */
public final class Neo4jProcess implements AutoCloseable {
    public static final String PASSWORD = "a secret of the tests";
    private static final Path CLASS_PATH = Path.of("target/test-servers/neo4j.classpath");
    private static final Path MAIN = Path.of("src/test/neo4j/Neo4jServer.java");
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final Path home;
    private final int port;
    private Process process;
    private Driver driver;

    private Neo4jProcess(Path home, int port) {
        this.home = home;
        this.port = port;
    }

    public static Neo4jProcess start() {
        try {
            return start(Files.createTempDirectory("saga-neo4j"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param home may have certificates; removed at the end */
    public static Neo4jProcess start(Path home) {
        Assumptions.assumeTrue(
                Files.exists(CLASS_PATH), "SKIPPED: no " + CLASS_PATH + "; run ./mvnw antrun:run@neo4j-class-path");
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Neo4jProcess server = new Neo4jProcess(home, socket.getLocalPort());
            socket.close();
            server.run();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the process, also again after a {@link #kill}, on the same data and port. */
    public void run() {
        try {
            Path log = home.resolve("server.log");
            Files.deleteIfExists(log);
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx400m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            Files.readString(CLASS_PATH).strip(),
                            MAIN.toString(),
                            home.toString(),
                            String.valueOf(port),
                            PASSWORD)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            await().atMost(START_LIMIT).pollInterval(Duration.ofMillis(100)).until(() -> {
                String printed = Files.readString(log);
                if (!process.isAlive()) {
                    throw new IllegalStateException("Neo4j ended at its start: " + printed);
                }
                return printed.contains("READY");
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String authority() {
        return "127.0.0.1:" + port;
    }

    /** Settings that put the graph there. */
    public Map<String, String> settings() {
        return settings("bolt");
    }

    public Map<String, String> settings(String scheme) {
        return Map.of(
                "saga.store.graph.url",
                scheme + "://" + authority(),
                "saga.store.graph.user",
                "neo4j",
                "saga.store.graph.password",
                PASSWORD,
                "saga.store.graph.timeout",
                "10s");
    }

    /** Asks the server itself. */
    public List<Map<String, Object>> query(String cypher, Map<String, Object> parameters) {
        return driver().executableQuery(cypher).withParameters(parameters).execute().records().stream()
                .map(row -> row.asMap())
                .toList();
    }

    public long number(String cypher) {
        return (Long) query(cypher, Map.of()).get(0).values().iterator().next();
    }

    private synchronized Driver driver() {
        if (driver == null) {
            driver = GraphDatabase.driver("bolt://" + authority(), AuthTokens.basic("neo4j", PASSWORD));
        }
        return driver;
    }

    /** Removes data, constraints and indexes. */
    public void empty() {
        try (Session session = driver().session()) {
            session.run("MATCH ()-[e]->() CALL (e) { DELETE e } IN TRANSACTIONS OF 5000 ROWS")
                    .consume();
            session.run("MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS OF 5000 ROWS")
                    .consume();
        }
        query("SHOW CONSTRAINTS YIELD name RETURN name", Map.of())
                .forEach(row -> query("DROP CONSTRAINT `" + row.get("name") + "`", Map.of()));
        query("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name", Map.of())
                .forEach(row -> query("DROP INDEX `" + row.get("name") + "`", Map.of()));
    }

    /** The server stops answering; its connections stay open. */
    public void freeze() {
        signal("STOP");
    }

    public void thaw() {
        signal("CONT");
    }

    private void signal(String signal) {
        try {
            new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public void kill() {
        try {
            process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        if (driver != null) {
            driver.close();
        }
        kill();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
