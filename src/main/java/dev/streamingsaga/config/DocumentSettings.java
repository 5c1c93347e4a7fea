package dev.streamingsaga.config;

import static dev.streamingsaga.config.SettingType.DURATION;
import static dev.streamingsaga.config.SettingType.FLAG;
import static dev.streamingsaga.config.SettingType.FOLDER;
import static dev.streamingsaga.config.SettingType.FOLDERS;
import static dev.streamingsaga.config.SettingType.INTEGER;
import static dev.streamingsaga.config.SettingType.KEY_PREFIX;
import static dev.streamingsaga.config.SettingType.NAME;
import static dev.streamingsaga.config.SettingType.NAMES;
import static dev.streamingsaga.config.SettingType.NODE;
import static dev.streamingsaga.config.SettingType.REQUIRED;
import static dev.streamingsaga.config.SettingType.SIZE;

import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.DocumentConfig.OnConflict;
import dev.streamingsaga.journal.StoreNames;
import java.util.List;

/** The instance and what it does to a document. */
final class DocumentSettings {
    private DocumentSettings() {}

    static void declare(SettingsTable table) {
        instance(table);
        source(table);
        security(table);
        chunks(table);
        patience(table);
    }

    private static void patience(SettingsTable table) {
        table.section("Transient failures");
        table.row(DURATION, "saga.patience", "15m", "0s", "7d")
                .describe("How long a saga waits for a bucket, database, coordinator or other server that is down"
                        + " before it is compensated, but never past saga.time-limit. 0s: steps are not tried again.");
        table.row(INTEGER, "saga.step.attempts", "3", "1", "100")
                .describe("Attempts of a step that meets a transient failure, at least; the first is included.");
        table.row(DURATION, "saga.step.retry-delay", "5s", "0s", "1h")
                .describe("Pause before a step is tried again. It doubles each time, up to 30 s.");
        table.row(INTEGER, "saga.redelivery.max", "3", "0", "100")
                .describe("How often the drop folder, HTTP and JMS deliver a document again, each time as another saga,"
                        + " after its saga was compensated for a transient failure. 0: never.");
        table.row(DURATION, "saga.redelivery.delay", "1m", "0s", "1h")
                .describe("Pause before a document is delivered again. It doubles each time, up to 1 h.");
        table.row(DURATION, "saga.redelivery.until", "24h", "0s", "30d")
                .describe("Time after the first delivery of a document in which another delivery may become due.");
    }

    private static void instance(SettingsTable table) {
        table.section("Instance");
        table.row(NAME, "saga.name", "saga")
                .describe("Instance name: prefix of every route, endpoint and bean (a-z, 0-9, -)."
                        + " Give a second instance in one hub a name of its own.");
        table.row(NODE, "saga.node.name", "")
                .describe("Readable name of this process in the journal, the log, status and the page. The process id"
                        + " and an id that is new at each start follow it. Empty: the host name.");
        table.row(FOLDER, "saga.data.dir", "data")
                .describe("Folder of everything embedded: journal, bucket, stores, coordinator, reports, logs, spool."
                        + " --data and SAGA_DATA set it too.");
        table.row(DURATION, "saga.time-limit", "3600s", "1s", "30d")
                .describe("Time that one saga may take. After it, the saga is compensated with TIMEOUT.");
        table.row(INTEGER, "saga.concurrency", "2", "1", "256")
                .describe("Sagas that run at a time in this process; others wait for their turn.");
        table.row(DURATION, "saga.drain.timeout", "10s", "0s", "1d")
                .describe("How long a stop (SIGTERM) or drain lets the sagas that it has begun continue, while no new"
                        + " ones begin, health is DOWN and HTTP answers. The rest is left to another node or"
                        + " to the next start. Give the process 15 s more. 0s: all are left at once.");
        table.row(DURATION, "saga.start.wait", "0s", "0s", "30d")
                .describe("How long the command start retries while a server that it needs is unavailable; it prints a"
                        + " line every minute. Its option --wait overrides this setting. After that time, or at once"
                        + " with 0s, it ends with exit code 4.");
        table.row(NAMES, "saga.participants", String.join(",", StoreNames.BUILT_IN))
                .describe("Stores after the verify gate, in the order they are written. A name that is not built in"
                        + " needs the routes direct:saga-store-NAME and direct:saga-store-NAME-compensate.");
        table.row(FOLDER, "saga.routes.dir", "routes")
                .describe("Folder of *.camel.yaml routes."
                        + " A file store-NAME.camel.yaml is loaded only if NAME is a participant.");
    }

    private static void source(SettingsTable table) {
        table.section("Source files");
        table.row(SIZE, "saga.file.max-size", "100GiB", "1B", "any")
                .describe("Largest file. Larger ones are refused with FILE_TOO_LARGE.");
        table.row(FOLDERS, "saga.source.roots", "")
                .describe("Folders that files may come from, separated by commas."
                        + " Empty: anywhere this process may read.");
        table.choice("saga.source.on-conflict", OnConflict.JOIN)
                .describe("What to do with a file that an unfinished saga holds. join: join that saga; wait: wait for"
                        + " its end; refuse: fail with SOURCE_BUSY; warn: warn and continue.");
        table.row(DURATION, "saga.source.host-patience", "15m", "0s", "7d")
                .describe("How long a saga waits for the host that has its original, while no other node can read it,"
                        + " before the alert SOURCE_HOST_AWAY. The wait ends with saga.time-limit.");
        table.choice("saga.duplicates", Duplicates.SKIP)
                .describe("What to do with a source that was stored before. skip: answer with the stored document if"
                        + " the content is the same; version: store it as the next version of its document,"
                        + " whatever its content; reject: fail with DUPLICATE if the content is the same.");
        table.row(INTEGER, "saga.versions.keep", "1", "1", "1000000")
                .describe("Versions of a document that stay fetchable with saga.duplicates=version, the current one"
                        + " included. Older ones are removed. Only the current one is found by search.");
        table.row(FOLDERS, "saga.claim-check.roots", "")
                .describe("Folders in which messages of your own routes (routes/examples/ingest-kafka.camel.yaml)"
                        + " may name files, separated by commas. Empty: nowhere.");
    }

    private static void security(SettingsTable table) {
        table.section("Security record");
        table.row(REQUIRED, "saga.security.owner", Setting.PROCESS_USER).describe("Owner in the security record.");
        table.choice(
                        "saga.security.classification",
                        "internal",
                        List.of("public", "internal", "confidential", "restricted"))
                .describe("Classification in the security record.");
        table.row(REQUIRED, "saga.security.key-id", "none")
                .describe("Id of the key that protects the content, as the security record names it."
                        + " none: there is no such key.");
    }

    private static void chunks(SettingsTable table) {
        table.section("Chunks and verification");
        table.row(SIZE, "saga.chunk.size", "8MiB", "5MiB", "64MiB").describe("Size of every chunk but the last.");
        table.row(KEY_PREFIX, "saga.chunk.prefix", "saga")
                .describe("First part of every object key. Sagas of other owners use another one.");
        table.row(INTEGER, "saga.chunk.parallelism", "4", "1", "64")
                .describe("Chunks that one saga sends to the bucket at a time.");
        table.row(INTEGER, "saga.chunk.attempts", "3", "1", "100")
                .describe("Attempts for one chunk, the first included.");
        table.row(DURATION, "saga.chunk.retry-delay", "5s", "0s", "1h")
                .describe("Pause before the next attempt; none after the last.");
        table.choice("saga.chunk.compression", ChunkCompression.NONE)
                .describe("How chunks are compressed before they are stored. zstd: those of which a sample shrinks;"
                        + " pictures, archives and most PDF files don't. Needs zstd-jni (docs/encryption.md).");
        table.row(INTEGER, "saga.chunk.compression.level", "1", "1", "19")
                .describe("Level of zstd: a higher one takes more time for fewer bytes.");
        table.choice("saga.chunk.encryption", ChunkEncryption.NONE)
                .describe("How chunks and manifest are encrypted, each document with a data key of its own."
                        + " Needs tink, and a key encryption key (docs/encryption.md).");
        table.row(SIZE, "saga.chunk.memory", "40MiB", "0B", "any")
                .describe("Memory for compressed or encrypted chunks that are being sent, of all sagas together; a"
                        + " quarter of the heap at most. Others are in files of the spool folder.");
        table.row(FLAG, "saga.verify.read-back", "false")
                .describe("true: verify reads every stored byte again instead of trusting the checksum that the"
                        + " bucket reports.");
    }
}
