package dev.streamingsaga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs each benchmark by a command of its own: so each begins cold, and has its own coordinator, of which a process can
 * have only one.
 */
public final class BenchCommands {
    public static final String ERROR = "error";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final List<String> arguments;

    /** @param arguments of the command line, for several benchmarks */
    public BenchCommands(Path directory, List<String> arguments) {
        this.directory = directory;
        this.arguments = List.copyOf(arguments);
    }

    /** The results by name; for a benchmark that failed, with the field {@value #ERROR}. */
    public ObjectNode run(String ratio) throws IOException, InterruptedException {
        Path output = Files.createTempFile(directory.toAbsolutePath().getParent(), "bench", ".json");
        List<String> command = new ArrayList<>(arguments);
        command.removeIf(argument -> argument.startsWith("--ratios="));
        int named = command.indexOf("--ratios");
        if (named >= 0) {
            command.subList(named, named + 2).clear();
        }
        command.removeAll(List.of("--json", "--markdown"));
        command.addAll(List.of("--json", "--ratios", ratio));
        try (BenchProcess process = BenchProcess.visible(output, command)) {
            int exit = process.await();
            JsonNode answer = JSON.readTree(output.toFile()).path("ratios");
            if (exit != 0 || !(answer instanceof ObjectNode results)) {
                ObjectNode failed = JSON.createObjectNode();
                failed.putObject(ratio).put(ERROR, "failed with exit code " + exit);
                return failed;
            }
            return results;
        } finally {
            Files.delete(output);
        }
    }
}
