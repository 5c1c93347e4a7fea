package dev.streamingsaga.cli;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.Classification;
import dev.streamingsaga.api.ApiKeys;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    @Option(
            names = "--owners",
            split = ",",
            paramLabel = "OWNER",
            description = "the key sees and stores documents of these owners only; separate several by commas")
    Set<String> owners = Set.of();

    @Option(
            names = "--max-classification",
            defaultValue = "restricted",
            paramLabel = "WORD",
            description = {
                "the key sees and stores documents up to this classification: public, internal, confidential or",
                "restricted (default: ${DEFAULT-VALUE})"
            })
    String maxClassification = "";

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
            AccessLimit limit = limit();
            recordCreation(config);
            String key = ApiKeys.create(file, name, scopes, limit);
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

    private AccessLimit limit() {
        Classification max = Classification.of(maxClassification)
                .orElseThrow(() -> new IllegalArgumentException("unknown classification " + maxClassification
                        + "; valid are " + String.join(", ", Classification.words())));
        return owners.isEmpty() ? new AccessLimit(Optional.empty(), max) : AccessLimit.ofOwners(owners, max);
    }

    /** If there is a journal already. A keys file may exist before. */
    private void recordCreation(SagaConfig config) {
        if (ReadAccess.hasJournal(config)) {
            try (Inspection inspection = ReadAccess.open(config)) {
                inspection.reader().recordKey(name, scopes);
            }
        }
    }
}
