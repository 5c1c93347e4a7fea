package dev.streamingsaga.nodes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * PostgreSQL, asked with psql. With pgvector if {@link GuestSystem} has it; otherwise the one of this machine, without.
 */
final class Database {
    /** Asks for this test, so that its own queries and connections are told from those of the nodes. */
    private static final String OBSERVER = "observer";

    private final Janitor janitor;
    private final boolean vectors;
    private final Path folder;
    private final Path binaries;
    private final String host;
    private final int port = ServerProcess.freePort();
    private final ServerProcess process;

    Database(Janitor janitor, String host, boolean vectors) {
        this.janitor = janitor;
        this.host = host;
        this.folder = janitor.base().resolve("postgres");
        this.vectors = vectors && GuestSystem.has("/usr/lib/postgresql");
        this.binaries = binaries(this.vectors ? GuestSystem.ROOT : Path.of("/"));
        initialize();
        this.process = new ServerProcess(
                        janitor,
                        "postgres",
                        command("postgres", options()),
                        () -> ask("select 1").equals("1"))
                .stoppedBy("INT");
    }

    private static Path binaries(Path root) {
        Path versions = root.resolve("usr/lib/postgresql");
        try (Stream<Path> found = Files.isDirectory(versions) ? Files.list(versions) : Stream.empty()) {
            Optional<Path> newest = found.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.exists(bin.resolve("postgres")))
                    .max(java.util.Comparator.naturalOrder());
            Assumptions.assumeTrue(newest.isPresent(), "SKIPPED: no PostgreSQL; apt-get install postgresql");
            return Path.of("/").resolve(root.relativize(newest.get()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String data() {
        return vectors ? GuestSystem.FOLDER + "/data" : folder.resolve("data").toString();
    }

    private void initialize() {
        try {
            Files.createDirectories(folder);
            boolean root = System.getProperty("user.name").equals("root");
            if (vectors) {
                String owner = Shell.must("chroot", GuestSystem.ROOT.toString(), "id", "-u", "postgres")
                        .strip();
                Shell.must("chown", owner, folder.toString());
            } else if (root) {
                Shell.must("chown", "postgres", folder.toString());
            }
            Shell.Result made = Shell.run(command(
                    "initdb",
                    List.of(
                            "-D",
                            data(),
                            "-U",
                            OBSERVER,
                            "--auth=trust",
                            "--no-sync",
                            "--encoding=UTF8",
                            "--locale=C.UTF-8")));
            if (made.exit() != 0) {
                throw new IllegalStateException("initdb: " + made.output());
            }
            Files.writeString(
                    folder.resolve("data/pg_hba.conf"),
                    "host all all " + host.replaceFirst("\\d+$", "0") + "/24 trust\n",
                    java.nio.file.StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> options() {
        return List.of(
                "-D",
                data(),
                "-p",
                "" + port,
                "-c",
                "listen_addresses=" + host,
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=250",
                "-c",
                "shared_preload_libraries=pg_stat_statements",
                "-c",
                "dynamic_shared_memory_type=mmap",
                "-c",
                "cluster_name=" + janitor.base().getFileName());
    }

    private List<String> command(String program, List<String> arguments) {
        String path = binaries.resolve(program).toString();
        List<String> prefix = System.getProperty("user.name").equals("root") && !vectors
                ? List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
                : List.of();
        List<String> command = Stream.of(prefix, List.of(path), arguments)
                .flatMap(List::stream)
                .toList();
        return vectors ? GuestSystem.command(folder, "postgres:postgres", command) : command;
    }

    ServerProcess process() {
        return process;
    }

    Database start() {
        process.start();
        ask("create extension pg_stat_statements; create role saga login;"
                + " grant all on database postgres to saga; grant all on schema public to saga");
        if (vectors) {
            ask("create extension vector");
        }
        return this;
    }

    boolean hasVectors() {
        return vectors;
    }

    int port() {
        return port;
    }

    String url() {
        return "jdbc:postgresql://" + host + ":" + port + "/postgres?user=saga";
    }

    /** What psql prints: rows as lines, columns separated by tabs. */
    String ask(String query) {
        Shell.Result answer = Shell.run(List.of(
                "psql",
                "-XAtq",
                "-F",
                "\t",
                "-v",
                "ON_ERROR_STOP=1",
                "postgresql://" + OBSERVER + "@" + host + ":" + port + "/postgres",
                "-c",
                query));
        if (answer.exit() != 0) {
            throw new IllegalStateException(query + ": " + answer.output());
        }
        return answer.output().strip();
    }

    List<String[]> rows(String query) {
        String answer = ask(query);
        return answer.isEmpty()
                ? List.of()
                : Arrays.stream(answer.split("\n"))
                        .map(line -> line.split("\t", -1))
                        .toList();
    }

    long count(String query) {
        return Long.parseLong(ask(query));
    }
}
