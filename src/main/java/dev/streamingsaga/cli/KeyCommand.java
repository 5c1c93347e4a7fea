package dev.streamingsaga.cli;

import dev.streamingsaga.api.ApiKeys;
import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "key",
        mixinStandardHelpOptions = true,
        description = "Creates a key for the HTTP API, prints it once, and adds its hash to saga.http.keys-file.")
final class KeyCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "name of the key's user")
    String name = "";

    @Option(
            names = "--scope",
            required = true,
            split = ",",
            paramLabel = "SCOPE",
            description = "ingest, read or operate; separate several by commas")
    List<String> scopes = List.of();

    @Override
    public Integer call() throws IOException {
        SagaConfig config = options.load();
        Path file = config.endpoints()
                .http()
                .auth()
                .keysFile()
                .orElseThrow(() -> new UsageException(
                        "saga.http.keys-file is not set; set it, for instance with -D saga.http.keys-file=FILE"));
        try {
            String key = ApiKeys.create(file, name, scopes);
            if (options.json) {
                spec.commandLine()
                        .getOut()
                        .println(CommonOptions.json(Map.of("name", name, "key", key, "file", file.toString())));
            } else {
                spec.commandLine().getOut().println(key);
                spec.commandLine()
                        .getErr()
                        .println(
                                "saga: added the hash of key " + name + " to " + file + "; the key is not shown again");
            }
            return 0;
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }
}
