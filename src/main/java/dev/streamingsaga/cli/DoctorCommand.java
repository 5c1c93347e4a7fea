package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.embedded.Diagnosis;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Checks whether each component is available and does what a saga needs. Changes nothing.")
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    private boolean failed;

    @Override
    public Integer call() throws IOException {
        SagaConfig config = options.load();
        Logs.toStandardError();
        report("settings", () -> "all valid; participants " + String.join(", ", config.participants()));
        report("data directory", () -> dataDirectory(config.dataDir()));
        report("permissions", () -> permissions(config.dataDir()));
        List<String> roles = new ArrayList<>(List.of("journal"));
        roles.addAll(config.servers().stores().keySet().stream()
                .filter(config.participants()::contains)
                .sorted()
                .toList());
        Path scratch = Files.createTempDirectory("saga-doctor");
        String temporary = System.setProperty("java.io.tmpdir", scratch.toString()); // for native libraries
        try {
            Diagnosis diagnosis = new Diagnosis(config, scratch);
            roles.forEach(role -> report("database " + role, () -> diagnosis.database(role)));
            report("bucket", diagnosis::bucket);
            report("encryption keys", diagnosis::keys);
            report("embedding model", diagnosis::model);
            report("text recognition", diagnosis::recognition);
            report("coordinator and callback", diagnosis::coordinator);
            report("routes", diagnosis::routes);
        } finally {
            System.setProperty("java.io.tmpdir", temporary);
            remove(scratch);
        }
        return failed ? Main.UNREACHABLE : 0;
    }

    private static void remove(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }

    private void report(String name, Callable<String> check) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("check", name);
        try {
            line.put("detail", check.call());
            line.put("ok", true);
        } catch (Exception e) {
            failed = true;
            line.put("detail", String.valueOf(e.getMessage()));
            line.put("ok", false);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                options.json
                        ? CommonOptions.json(line)
                        : String.format(
                                "%-4s %-34s %s",
                                Boolean.TRUE.equals(line.get("ok")) ? "ok" : "FAIL", name, line.get("detail")));
    }

    private static String dataDirectory(Path dir) throws IOException {
        if (!Files.exists(dir)) {
            Path parent = dir;
            while (!Files.exists(parent)) {
                parent = Objects.requireNonNull(parent.getParent(), "the root of a file system exists");
            }
            if (!Files.isDirectory(parent) || !Files.isWritable(parent)) {
                throw new IOException(dir + " does not exist and cannot be created: " + parent
                        + " is not a folder that this process can write to");
            }
            String free = ConsoleText.size(Files.getFileStore(parent).getUsableSpace());
            return dir + ", does not exist yet: the first start creates it; " + free + " free";
        }
        Files.delete(Files.createTempFile(dir, "doctor", ".tmp"));
        return dir + " is writable, " + ConsoleText.size(Files.getFileStore(dir).getUsableSpace()) + " free";
    }

    private static String permissions(Path dir) throws IOException {
        List<String> open = Files.exists(dir) ? DataDirectory.findings(dir) : List.of();
        if (!open.isEmpty()) {
            throw new IOException("other users can access the data directory: " + String.join(", ", open)
                    + "; the next start restricts your files, or reports why it cannot");
        }
        return "only the owner can access the data directory";
    }
}
