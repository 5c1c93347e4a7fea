package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.Content;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.Buckets;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "doctor", mixinStandardHelpOptions = true, description = "Says what is configured, reachable and writable.")
final class DoctorCommand implements Callable<Integer> {
    @Mixin CommonOptions options = new CommonOptions();
    @Spec CommandSpec spec;

    private boolean failed;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        Logs.toStandardError();
        report("settings", () -> "all valid; participants " + String.join(", ", config.participants()));
        report("data directory", () -> dataDirectory(config.dataDir()));
        report("permissions", () -> permissions(config.dataDir()));
        List<String> roles = new ArrayList<>(List.of("journal"));
        roles.addAll(config.stores().keySet().stream().filter(config.participants()::contains).sorted().toList());
        roles.forEach(role -> report("database " + role, () -> database(config, role)));
        report("bucket", () -> bucket(config));
        report("embedding model", () -> model(config));
        report("coordinator, callback and routes", () -> application(config));
        return failed ? Main.UNREACHABLE : 0;
    }

    private void report(String what, Callable<String> check) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("check", what);
        try {
            line.put("detail", check.call());
            line.put("ok", true);
        } catch (Exception e) {
            failed = true;
            line.put("detail", String.valueOf(e.getMessage()));
            line.put("ok", false);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(options.json ? CommonOptions.json(line)
                : String.format("%-4s %-34s %s", Boolean.TRUE.equals(line.get("ok")) ? "ok" : "FAIL", what, line.get("detail")));
    }

    private static String dataDirectory(Path dir) throws IOException {
        Files.createDirectories(dir);
        Files.delete(Files.createTempFile(dir, "doctor", ".tmp"));
        return dir + " is writable, " + Texts.size(Files.getFileStore(dir).getUsableSpace()) + " free";
    }

    private static String permissions(Path dir) throws IOException {
        List<String> open = Files.exists(dir) ? DataDirectory.findings(dir) : List.of();
        if (!open.isEmpty()) {
            throw new IOException("others may read or change the data directory: " + String.join(", ", open)
                    + "; the next start restricts what is yours, or says why it cannot");
        }
        return "nobody but the owner may read the data directory";
    }

    private static String database(SagaConfig config, String role) {
        SagaConfig.Database settings = role.equals("journal") ? config.journal() : config.store(role);
        try (Databases.Opened database = Databases.open(role, settings, config.dataDir())) {
            return database.dialect() + " " + settings.url().map(url -> url.replaceAll("[?].*", "")).orElse("embedded, " + config.dataDir().resolve(role + ".db"));
        }
    }

    private static String bucket(SagaConfig config) {
        try (Buckets buckets = config.s3().endpoint().isPresent() ? Buckets.open(config) : Buckets.openReadOnly(config)) {
            return config.s3().bucket() + " at " + config.s3().endpoint().map(URI::toString)
                    .orElse("the embedded server, " + config.dataDir().resolve("bucket"));
        }
    }

    private static String model(SagaConfig config) {
        try (Content content = Content.create(config.content(), config.embedding(), config.dataDir().resolve("spool"))) {
            int dimension = content.embedder().embed(List.of("Is there a doctor in the house?")).get(0).length;
            return content.embedder().modelId() + ", dimension " + dimension + ", up to " + content.embedder().maxTokens() + " tokens";
        }
    }

    private static String application(SagaConfig config) {
        try (Application application = Application.startWithoutRecovery(config)) {
            return config.coordinator().url().map(url -> "coordinator " + url).orElse("embedded coordinator")
                    + " answers and its calls reach us";
        }
    }
}
