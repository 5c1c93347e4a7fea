package dev.streamingsaga.crash;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.encryption.KeyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs one process at a time. Keeps the template directories of the phases; each is created once and copied for each
 * kill. Each lane has its own ports in them, so that two lanes can run concurrently.
 */
final class Lane {
    private static final Point BETWEEN_BATCHES = new Point("vector", "commit of insert into vector_sketch", 2);
    private static final Point BETWEEN_STORES = new Point("vector", "commit of delete from vector_document", 1);

    /** Settings of a phase that changes versions. */
    static final Map<String, String> VERSIONS = Map.of("saga.duplicates", "version", "saga.versions.keep", "2");

    private final Path directory;
    private final Path source;
    private int copies;

    Lane(Path directory, Path source) throws IOException {
        this.directory = Files.createDirectories(directory);
        this.source = source;
    }

    /** A fresh data directory for a phase. */
    Path prepare(Phase phase) throws IOException, SQLException, InterruptedException {
        Path data = copy(template(phase.template));
        if (phase == Phase.SEALED) {
            new KeyFile(keyFile(data)).create();
        }
        if (phase == Phase.DROP) {
            Files.copy(source, Files.createDirectories(dropFolder(data)).resolve(source.getFileName()));
        }
        return data;
    }

    private Path template(String name) throws IOException, SQLException, InterruptedException {
        Path template = directory.resolve("template-" + name);
        if (Files.exists(template)) {
            return template;
        }
        Path draft = switch (name) {
            case "nothing" -> Files.createDirectories(directory.resolve("draft-nothing"));
            case "installed" -> installed();
            case "stored" -> stored();
            case "refusing" -> refusing();
            case "versions" -> versions();
            case "halfway" -> killed("installed", BETWEEN_BATCHES);
            case "undoing" -> killed("refusing", BETWEEN_STORES);
            default -> throw new IllegalArgumentException(name);
        };
        return Files.move(draft, template);
    }

    private Path installed() throws IOException, SQLException, InterruptedException {
        Path data = copy(template("nothing"));
        End end = ChildJvm.run(data, Map.of(), "start");
        require(end.exit() == 0, "the first start failed", end);
        return data;
    }

    private Path stored() throws IOException, SQLException, InterruptedException {
        Path data = copy(template("installed"));
        End end = run(data, Map.of(), "ingest");
        require(end.exit() == 0, "the document was not stored", end);
        return data;
    }

    /** A data directory whose last store refuses every document. */
    private Path refusing() throws IOException, SQLException, InterruptedException {
        Path data = copy(template("installed"));
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("relational.db"));
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TRIGGER refuse BEFORE INSERT ON relational_document BEGIN SELECT RAISE(ABORT, 'refused"
                            + " on purpose'); END");
        }
        return data;
    }

    /** A data directory with two versions of a file, which then changes to the source of all phases. */
    private Path versions() throws IOException, SQLException, InterruptedException {
        Path data = copy(template("installed"));
        for (String version : List.of("first", "second")) {
            Files.writeString(changing(), ("The " + version + " lighthouse keeper counts gulls.\n").repeat(9));
            End end = run(data, VERSIONS, "change");
            require(end.exit() == 0, "the " + version + " version was not stored", end);
        }
        Files.copy(source, changing(), StandardCopyOption.REPLACE_EXISTING);
        return data;
    }

    private Path changing() {
        return directory.resolve("changing.txt");
    }

    /** Next to the data directory, because neither may contain the other. */
    static Path dropFolder(Path data) {
        return data.resolveSibling(data.getFileName() + "-drop");
    }

    static Path keyFile(Path data) {
        return data.resolve("keys.json");
    }

    private Path killed(String template, Point after) throws IOException, SQLException, InterruptedException {
        Path data = copy(template(template));
        End end = run(data, Map.of("crash.at", "~" + after.text(), "crash.when", "after"), "ingest");
        require(end.killed(), "no process was killed at " + after, end);
        return data;
    }

    /** @param work an argument of {@link CrashChild} */
    End run(Path data, Map<String, String> properties, String work) {
        return switch (work) {
            case "ingest" -> ChildJvm.run(data, properties, work, source.toString());
            case "change" -> ChildJvm.run(data, properties, "ingest", changing().toString());
            case "drop" -> ChildJvm.run(data, properties, work, dropFolder(data).toString());
            default -> ChildJvm.run(data, properties, work);
        };
    }

    /** The side effects of an undisturbed run of the phase. */
    List<Point> record(Phase phase, Path data) throws IOException {
        Path record = directory.resolve("record-" + phase);
        Map<String, String> properties = new HashMap<>(phase.settings(data));
        properties.put("crash.record", record.toString());
        End end = run(data, properties, phase.work);
        require(end.exit() == 0, phase + " without a kill failed", end);
        List<Point> points =
                Files.readAllLines(record).stream().map(Point::parse).toList();
        return points.stream().dropWhile(point -> !phase.beginsAt(point)).toList();
    }

    private static void require(boolean condition, String problem, End end) throws IOException {
        if (!condition) {
            throw new IllegalStateException(problem + " (exit " + end.exit() + "):\n" + Files.readString(end.log()));
        }
    }

    /** Includes extended attributes, which hold the checksums of stored objects. */
    private Path copy(Path template) throws IOException, InterruptedException {
        Path target = directory.resolve("data-" + copies++);
        Process process = new ProcessBuilder("cp", "-a", template.toString(), target.toString())
                .inheritIO()
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("cannot copy " + template);
        }
        return target;
    }

    static void remove(Path directory) throws IOException {
        if (Files.exists(dropFolder(directory))) {
            remove(dropFolder(directory));
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
