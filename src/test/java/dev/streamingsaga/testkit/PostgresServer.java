package dev.streamingsaga.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/**
 * A real PostgreSQL on a free loopback port, for one test class: PGlite (with pgvector, needs Node.js and {@code npm ci
 * --prefix src/test/pglite}) or the binaries of the operating system. If neither is available, tests are skipped.
 */
public record PostgresServer(Process process, String url, Path folder) implements AutoCloseable {
    private static final Path PGLITE = Path.of("src/test/pglite");
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    /** All its connections share one session, so named statements are off. */
    public static PostgresServer pglite() {
        Assumptions.assumeTrue(
                Files.isDirectory(PGLITE.resolve("node_modules")),
                "SKIPPED: no PGlite for the pgvector tests; run: npm ci --prefix src/test/pglite");
        try {
            Process node = new ProcessBuilder("node", "server.mjs")
                    .directory(PGLITE.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new PostgresServer(
                    node,
                    "jdbc:postgresql://127.0.0.1:" + port(node) + "/postgres?user=postgres&password=none"
                            + "&sslmode=disable&prepareThreshold=0",
                    PGLITE);
        } catch (IOException e) {
            return skip("SKIPPED: PGlite cannot be started: " + e.getMessage());
        }
    }

    private static String port(Process node) {
        return Background.run("pglite-port", () -> {
                    try {
                        BufferedReader out = new BufferedReader(
                                new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8));
                        for (String line = out.readLine(); line != null; line = out.readLine()) {
                            if (line.startsWith("PORT ")) {
                                return line.substring(5);
                            }
                        }
                        throw new IllegalStateException("PGlite ended before it listened");
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .orTimeout(START_LIMIT.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** PostgreSQL does not run as root: it then runs as the user that its package created. */
    public static PostgresServer installed() {
        Optional<Path> binaries = binaries();
        Assumptions.assumeTrue(
                binaries.isPresent(), "SKIPPED: no PostgreSQL under /usr/lib/postgresql; apt-get install postgresql");
        try {
            Path folder = Files.createTempDirectory("saga-postgres");
            List<String> prefix = new ArrayList<>();
            if (System.getProperty("user.name").equals("root")) {
                UserPrincipal postgres =
                        folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres");
                Files.setOwner(folder, postgres);
                prefix.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
            }
            String data = folder.resolve("data").toString();
            Process init = run(
                    folder,
                    prefix,
                    binaries.get().resolve("initdb").toString(),
                    "-D",
                    data,
                    "-U",
                    "saga",
                    "--auth=trust",
                    "--no-sync",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8");
            if (!init.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) || init.exitValue() != 0) {
                throw new IllegalStateException("initdb failed: " + Files.readString(folder.resolve("server.log")));
            }
            int port = freePort();
            Process server = run(
                    folder,
                    prefix,
                    binaries.get().resolve("postgres").toString(),
                    "-D",
                    data,
                    "-p",
                    "" + port,
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "unix_socket_directories=",
                    "-c",
                    "fsync=off");
            String url = "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=saga";
            Awaitility.await().atMost(START_LIMIT).ignoreExceptions().until(() -> {
                DriverManager.getConnection(url).close();
                return true;
            });
            return new PostgresServer(server, url, folder);
        } catch (IOException e) {
            return skip("SKIPPED: PostgreSQL cannot be started: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Process run(Path folder, List<String> prefix, String... command) throws IOException {
        List<String> all = Stream.concat(prefix.stream(), Stream.of(command)).toList();
        return new ProcessBuilder(all)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("server.log").toFile()))
                .start();
    }

    private static Optional<Path> binaries() {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
                    .max(java.util.Comparator.naturalOrder());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static PostgresServer skip(String reason) {
        Assumptions.abort(reason);
        throw new AssertionError("not reached");
    }

    /** Drops everything that the previous test created. */
    public void empty() {
        try (Connection connection = DriverManager.getConnection(url)) {
            connection.createStatement().execute("drop schema public cascade");
            connection.createStatement().execute("create schema public");
        } catch (SQLException e) {
            throw new IllegalStateException("the test server does not answer", e);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        if (!folder.equals(PGLITE)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
