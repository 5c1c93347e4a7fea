package dev.streamingsaga.cli;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EncryptionConfig;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.encryption.KeyFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

@Command(
        name = "key-encryption",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Creates and changes the file of key encryption keys, which wrap the keys of documents. Running"
                + " instances read the file when they start.",
        subcommands = {
            KeyEncryptionCommand.Init.class,
            KeyEncryptionCommand.Add.class,
            KeyEncryptionCommand.Use.class,
            KeyEncryptionCommand.Remove.class,
            KeyEncryptionCommand.ListKeys.class
        })
final class KeyEncryptionCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(
            names = "--file",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            description = "the key file (default: saga.encryption.key-file)")
    @Nullable
    Path file;

    @Override
    public Integer call() {
        throw new UsageException("key-encryption needs a command: init, add, use, remove or list");
    }

    private KeyFile keyFile(SagaConfig config) {
        Path path = file != null
                ? file
                : config.servers()
                        .encryption()
                        .keyFile()
                        .orElseThrow(() -> new UsageException(
                                "no key file; name it with --file FILE, or set saga.encryption.key-file"));
        return new KeyFile(path);
    }

    /** If there is a journal already. A key file may exist before. */
    private static void record(SagaConfig config, KeyFile keys, String change, Optional<String> id) {
        if (ReadAccess.hasJournal(config)) {
            try (Inspection inspection = ReadAccess.open(config)) {
                inspection.reader().recordKeyEncryption(change, keys.path(), id);
            }
        }
    }

    private void print(Map<String, Object> view, String text) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(options.json ? CommonOptions.json(view) : ConsoleText.safe(text));
    }

    private Map<String, Object> view(KeyFile keys, String id) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("file", keys.path().toString());
        view.put("keyId", id);
        return view;
    }

    /** A command for a key file; it fails with an exception. */
    abstract static class Subcommand implements Callable<Integer> {
        @ParentCommand
        @Nullable
        KeyEncryptionCommand parent;

        abstract void run(KeyEncryptionCommand command, SagaConfig config) throws IOException;

        @Override
        public final Integer call() throws IOException {
            KeyEncryptionCommand command = Objects.requireNonNull(parent);
            run(command, command.options.load());
            return 0;
        }
    }

    @Command(
            name = "init",
            mixinStandardHelpOptions = true,
            description = "Creates the key file, with one key. Refuses to overwrite a file.")
    static final class Init extends Subcommand {
        @Override
        void run(KeyEncryptionCommand command, SagaConfig config) throws IOException {
            KeyFile keys = command.keyFile(config);
            record(config, keys, "init", Optional.empty());
            String id = keys.create();
            command.print(command.view(keys, id), "created " + keys.path() + " with the key " + id);
            command.spec
                    .commandLine()
                    .getErr()
                    .println("saga: make a backup of the file now, and keep it apart from the data: without its keys"
                            + " encrypted documents are lost"
                            + (keys.path().startsWith(config.dataDir())
                                    ? "; it lies in the data directory: whoever copies that has the keys, too"
                                    : ""));
        }
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Adds a key, which wraps the keys of new documents from the next start on.")
    static final class Add extends Subcommand {
        @Option(
                names = "--standby",
                description = "the key only unwraps, until \"key-encryption use\": for the time in which some nodes do"
                        + " not have the new file")
        boolean standby;

        @Override
        void run(KeyEncryptionCommand command, SagaConfig config) throws IOException {
            KeyFile keys = command.keyFile(config);
            record(config, keys, standby ? "add standby" : "add", Optional.empty());
            String id = keys.add(!standby);
            command.print(
                    command.view(keys, id),
                    "added the key " + id
                            + (standby
                                    ? "; make it current with \"key-encryption use " + id + "\" when all nodes have"
                                            + " started with this file"
                                    : "; it wraps from the next start on, and rotate-keys replaces the older keys"));
        }
    }

    @Command(
            name = "use",
            mixinStandardHelpOptions = true,
            description = "Makes a key current: it wraps from the next start on.")
    static final class Use extends Subcommand {
        @Parameters(paramLabel = "KEY", description = "id of a key of the file")
        String id = "";

        @Override
        void run(KeyEncryptionCommand command, SagaConfig config) throws IOException {
            KeyFile keys = command.keyFile(config);
            record(config, keys, "use", Optional.of(id));
            keys.use(id);
            command.print(command.view(keys, id), "the key " + id + " wraps from the next start on");
        }
    }

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes a key for good, if no document in the journal needs it.")
    static final class Remove extends Subcommand {
        @Parameters(paramLabel = "KEY", description = "id of a key of the file")
        String id = "";

        @Override
        void run(KeyEncryptionCommand command, SagaConfig config) throws IOException {
            KeyFile keys = command.keyFile(config);
            long documents;
            try (Inspection inspection = ReadAccess.open(config)) {
                documents = inspection.reader().keyUsage().getOrDefault(id, 0L);
            }
            if (documents > 0) {
                throw ConfigException.of(ConsoleText.count(documents, "document") + " still need the key " + id
                        + "; nothing was removed: run rotate-keys first");
            }
            record(config, keys, "remove", Optional.of(id));
            keys.remove(id);
            command.print(
                    command.view(keys, id),
                    "removed the key " + id + "; documents in older backups still need it, if it has wrapped any");
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Lists the keys of the file, and with --usage all keys that documents need.")
    static final class ListKeys extends Subcommand {
        @Option(names = "--usage", description = "count the documents that need each key; reads the journal")
        boolean usage;

        @Override
        void run(KeyEncryptionCommand command, SagaConfig config) throws IOException {
            EncryptionConfig encryption = config.servers().encryption();
            List<KeyFile.KeyInfo> keys =
                    command.file != null || encryption.keyFile().isPresent() || !usage
                            ? command.keyFile(config).list()
                            : List.of();
            Map<String, Long> documents = usage ? usage(config) : Map.of();
            keys.forEach(key -> command.print(
                    view(key, documents),
                    key.id() + "  created " + key.created() + (key.current() ? "  current" : "")
                            + needed(key.id(), documents)));
            Set<String> others = new LinkedHashSet<>(documents.keySet());
            keys.forEach(key -> others.remove(key.id()));
            others.forEach(id -> command.print(
                    Map.of("keyId", id, "inFile", false, "documents", documents.get(id)),
                    id + "  not in a key file" + needed(id, documents)));
        }

        private static Map<String, Long> usage(SagaConfig config) {
            try (Inspection inspection = ReadAccess.open(config)) {
                return inspection.reader().keyUsage();
            }
        }

        private Map<String, Object> view(KeyFile.KeyInfo key, Map<String, Long> documents) {
            Map<String, Object> view = new LinkedHashMap<>();
            view.put("keyId", key.id());
            view.put("created", key.created());
            view.put("current", key.current());
            view.put("inFile", true);
            if (usage) {
                view.put("documents", documents.getOrDefault(key.id(), 0L));
            }
            return view;
        }

        private String needed(String id, Map<String, Long> documents) {
            return usage ? "  needed for " + ConsoleText.countOrNone(documents.getOrDefault(id, 0L), "document") : "";
        }
    }
}
