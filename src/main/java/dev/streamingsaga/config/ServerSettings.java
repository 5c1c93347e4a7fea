package dev.streamingsaga.config;

import static dev.streamingsaga.config.SettingType.BEARER_SECRET;
import static dev.streamingsaga.config.SettingType.BUCKET;
import static dev.streamingsaga.config.SettingType.CHARSET;
import static dev.streamingsaga.config.SettingType.DURATION;
import static dev.streamingsaga.config.SettingType.FILE;
import static dev.streamingsaga.config.SettingType.FLAG;
import static dev.streamingsaga.config.SettingType.GRAPH_URL;
import static dev.streamingsaga.config.SettingType.HEADER_SECRET;
import static dev.streamingsaga.config.SettingType.HOSTS;
import static dev.streamingsaga.config.SettingType.INTEGER;
import static dev.streamingsaga.config.SettingType.JDBC_URL;
import static dev.streamingsaga.config.SettingType.LANGUAGES;
import static dev.streamingsaga.config.SettingType.MODEL_LANGUAGES;
import static dev.streamingsaga.config.SettingType.NEO4J_DATABASE;
import static dev.streamingsaga.config.SettingType.PASSWORD;
import static dev.streamingsaga.config.SettingType.REQUIRED;
import static dev.streamingsaga.config.SettingType.SECRET;
import static dev.streamingsaga.config.SettingType.SHARE;
import static dev.streamingsaga.config.SettingType.SIZE;
import static dev.streamingsaga.config.SettingType.TEXT;
import static dev.streamingsaga.config.SettingType.URL;

import dev.streamingsaga.config.DocumentConfig.IsolationMode;
import dev.streamingsaga.config.DocumentConfig.OcrMode;
import dev.streamingsaga.config.DocumentConfig.OnFailure;
import dev.streamingsaga.config.OperationConfig.LogFormat;
import dev.streamingsaga.config.OperationConfig.ReceiptMode;
import dev.streamingsaga.config.OperationConfig.RecoveryMode;
import dev.streamingsaga.config.OperationConfig.TraceDetail;
import dev.streamingsaga.config.ServerConfig.EmbeddingProvider;
import dev.streamingsaga.config.ServerConfig.VectorIndex;
import dev.streamingsaga.journal.StoreNames;

/** Servers that sagas use, and how sagas end and recover. */
final class ServerSettings {
    private ServerSettings() {}

    static void declare(SettingsTable table) {
        s3(table);
        table.section("Journal");
        database(table, "saga.journal");
        table.section("Stores");
        StoreNames.BUILT_IN.forEach(store -> {
            String key = "saga.store." + store;
            if (store.equals(StoreNames.GRAPH)) {
                graph(table, key);
            } else {
                database(table, key);
            }
        });
        EncryptionSettings.declare(table);
        coordinator(table);
        compensationAndRecovery(table);
        embeddings(table);
        observability(table);
    }

    private static void s3(SettingsTable table) {
        table.section("S3");
        table.row(URL, "saga.s3.endpoint", "").describe("URL of the S3 server. Empty: embedded, in DATA/bucket.");
        table.row(REQUIRED, "saga.s3.region", "us-east-1").describe("Region that requests are signed for.");
        table.row(BUCKET, "saga.s3.bucket", "streaming-saga")
                .describe("Bucket. It is created if it is missing and the account may create it.");
        String credentials =
                "Credentials. For the embedded server they are generated once and kept in the data" + " directory.";
        table.row(PASSWORD, "saga.s3.access-key", "").describe(credentials);
        table.row(PASSWORD, "saga.s3.secret-key", "").describe(credentials);
        table.row(FLAG, "saga.s3.path-style", "true")
                .describe("true: the bucket is part of the path, as most servers other than AWS require.");
        table.row(DURATION, "saga.s3.connect-timeout", "5s", "100ms", "5m").describe("Limit for connecting.");
        table.row(DURATION, "saga.s3.timeout", "60s", "100ms", "1h")
                .describe("Limit for one attempt of one request, body included.");
    }

    private static void database(SettingsTable table, String key) {
        table.row(JDBC_URL, key + ".url", "")
                .describe("JDBC URL (jdbc:postgresql: or jdbc:sqlite:)."
                        + " Empty: embedded SQLite file in the data directory.");
        access(table, key);
    }

    private static void graph(SettingsTable table, String key) {
        table.row(GRAPH_URL, key + ".url", "")
                .describe("JDBC URL (jdbc:postgresql: or jdbc:sqlite:), or a Neo4j server (bolt:// or neo4j://, with"
                        + " TLS bolt+s:// or neo4j+s://). Empty: embedded SQLite file in the data directory.");
        table.row(NEO4J_DATABASE, key + ".database", "")
                .describe("Database of the Neo4j server. Empty: the home database of the user.");
        access(table, key);
    }

    private static void access(SettingsTable table, String key) {
        table.row(TEXT, key + ".user", "").describe("Database user.");
        table.row(PASSWORD, key + ".password", "").describe("Its password.");
        table.row(INTEGER, key + ".pool-size", "4", "1", "256").describe("Connections in the pool.");
        table.row(DURATION, key + ".timeout", "30s", "100ms", "1h")
                .describe("Limit for getting a connection, for acquiring a lock and for the answer to a statement.");
    }

    private static void coordinator(SettingsTable table) {
        table.section("LRA coordinator and its callbacks");
        table.row(URL, "saga.coordinator.url", "")
                .describe("LRA coordinator with its context path (http://localhost:8482/lra-coordinator)."
                        + " Empty: embedded.");
        table.row(DURATION, "saga.coordinator.timeout", "10s", "100ms", "5m")
                .describe("Limit for one operation of the coordinator, retries included.");
        table.row(BEARER_SECRET, "saga.coordinator.secret", "")
                .describe("Sent to the coordinator as a bearer token, and required by the embedded one. 16 characters"
                        + " or more, the same for all nodes. Never logged. Empty: none is sent, and the embedded one"
                        + " generates its own and keeps it in DATA/coordinator/secret.");
        table.row(REQUIRED, "saga.coordinator.host", "127.0.0.1")
                .describe("Address that \"saga coordinator\" binds to. 0.0.0.0: every address; then"
                        + " saga.coordinator.hosts must have the name that the nodes use.");
        table.row(INTEGER, "saga.coordinator.port", "8482", "0", "65535")
                .describe("Port of \"saga coordinator\". 0: a free one, chosen once and kept in the data directory.");
        table.row(HOSTS, "saga.coordinator.hosts", "")
                .describe(
                        "Host names besides its own address (a container's or a proxy's) that requests to the embedded"
                                + " coordinator may carry, with or without :port, separated by commas.");
        table.row(INTEGER, "saga.coordinator.max-lras", "1000", "1", "100000")
                .describe("LRAs open at a time at the embedded coordinator. Further sagas get COORDINATOR_UNAVAILABLE"
                        + " until some have ended.");
        table.row(REQUIRED, "saga.callback.host", "127.0.0.1")
                .describe("Address that the private callback listener binds to.");
        table.row(INTEGER, "saga.callback.port", "0", "0", "65535")
                .describe("Port of the callback listener. 0: a free one, chosen once and kept in the data directory.");
        table.row(URL, "saga.callback.url", "")
                .describe("URL at which the coordinator reaches the listener, if it differs from http://host:port.");
        table.row(SECRET, "saga.callback.secret", "")
                .describe("Signs the callback tokens; 16 characters or more."
                        + " Empty: generated once and kept in the data directory.");
    }

    private static void compensationAndRecovery(SettingsTable table) {
        table.section("Compensation");
        table.row(DURATION, "saga.compensation.step-timeout", "60s", "100ms", "1h")
                .describe("Time that compensating one store may take before its data counts as residue.");
        table.row(INTEGER, "saga.compensation.max-attempts", "10", "1", "1000")
                .describe("Attempts at a clean-up entry before it is BLOCKED and waits for a person.");
        table.row(DURATION, "saga.compensation.retry-delay", "30s", "100ms", "1d")
                .describe("Time until a clean-up entry is tried again; doubled each time, up to an hour.");
        table.section("Recovery");
        table.choice("saga.recovery.mode", RecoveryMode.RESUME)
                .describe("What to do with a saga whose process has ended. resume: start another run, which sends only"
                        + " what is missing; compensate: compensate it.");
        table.row(INTEGER, "saga.recovery.max-runs", "10", "1", "1000")
                .describe("Runs of one saga that may fail because their process ends; after that it is compensated."
                        + " An orderly stop does not count.");
        table.row(DURATION, "saga.recovery.lease", "30s", "2s", "1h")
                .describe("Time after the last heartbeat of a process until another process takes over its sagas.");
        receipts(table);
        JournalRetentionSettings.declare(table);
        table.section("Orphans");
        table.row(DURATION, "saga.orphans.min-age", "24h", "0s", "3650d")
                .describe("\"orphans --delete\" deletes stored data that no saga in the journal owns only if it is"
                        + " older than this.");
    }

    private static void receipts(SettingsTable table) {
        table.section("Receipts");
        table.choice("saga.receipts", ReceiptMode.OFF)
                .describe("on: every completed document gets a signed receipt, which is kept in the journal and beside"
                        + " its manifest; documents that were completed before get theirs at the next start.");
        table.row(FILE, "saga.receipts.key-file", "")
                .describe(
                        "Private key that signs receipts: an Ed25519 key as JSON Web Key, the same for all nodes. Only"
                                + " its owner may have access to it (mode 600); it is generated if the file does not exist."
                                + " Empty: DATA/receipts.jwk.");
    }

    private static void embeddings(SettingsTable table) {
        table.section("Text and segments");
        table.row(INTEGER, "saga.content.segment-tokens", "0", "0", "8192")
                .describe("Longest segment, in tokens of the model. 0: the limit of the model.");
        table.row(INTEGER, "saga.content.segment-overlap-tokens", "0", "0", "1024")
                .describe("Tokens that two adjacent segments share.");
        table.row(INTEGER, "saga.content.max-text-chars", "1000000000", "0", "2147483647")
                .describe("Most text taken from one document, in characters. The text after it is not searchable;"
                        + " pages are still counted. 0: no text is read.");
        table.row(CHARSET, "saga.content.charset", "windows-1252")
                .describe("Charset of text files that do not name theirs, if several charsets fit equally well, and of"
                        + " bytes that are invalid in the charset of their file.");
        table.row(INTEGER, "saga.content.attachments.depth", "3", "0", "20")
                .describe("Nesting depth up to which files inside a document are read: attachments of a mail, a PDF or"
                        + " an office file, and files inside them. 0: none.");
        table.row(INTEGER, "saga.content.attachments.max", "1000", "0", "1000000")
                .describe("Maximum number of files inside one document that are read.");
        table.row(SIZE, "saga.content.attachments.max-size", "1GiB", "0B", "any")
                .describe("Maximum total unpacked size of the files inside one document that are read.");
        table.row(FILE, "saga.content.passwords", "")
                .describe("File of passwords, one per line, that are tried on encrypted PDF and office files. Only its"
                        + " owner may have access to it (mode 600). Empty: none.");
        reading(table);
        table.choice("saga.content.on-failure", OnFailure.KEEP)
                .describe("What to do with a document whose text cannot be read completely because it is encrypted or"
                        + " damaged, or exceeds a limit of memory, time or disk. keep: store it with a warning; reject:"
                        + " compensate its saga with FILE_NOT_READABLE.");
        table.choice("saga.content.ocr", OcrMode.OFF)
                .describe("Recognition of text in scanned pages and images. auto: use tesseract if it is installed."
                        + " Install it on all nodes or on none, because the same file must give the same segments"
                        + " everywhere.");
        table.row(LANGUAGES, "saga.content.ocr.languages", "eng,deu")
                .describe("Languages for tesseract; languages that are not installed are ignored.");
        table.row(DURATION, "saga.content.ocr.page-cpu", "60s", "1s", "1h")
                .describe("Processor time that tesseract may use for one page; a page that needs more has no text.");
        table.section("Embeddings");
        table.choice("saga.embedding.provider", EmbeddingProvider.IN_PROCESS)
                .describe("in-process: the model on the class path; onnx: a model file of your own; http: a server with"
                        + " the API of OpenAI.");
        table.row(FILE, "saga.embedding.onnx-model", "").describe("Model file for onnx.");
        table.row(FILE, "saga.embedding.onnx-tokenizer", "").describe("Its tokenizer.json.");
        table.row(URL, "saga.embedding.url", "").describe("Base URL for http; /v1/embeddings is appended.");
        table.row(TEXT, "saga.embedding.model", "").describe("Model name for http; stored with each vector.");
        table.row(PASSWORD, "saga.embedding.api-key", "").describe("Sent as a bearer token; never logged.");
        table.row(INTEGER, "saga.embedding.dimension", "384", "1", "8192")
                .describe("Length of a vector; checked against the model.");
        table.row(INTEGER, "saga.embedding.batch-size", "32", "1", "1024")
                .describe("Segments that are embedded and inserted together.");
        table.row(INTEGER, "saga.embedding.threads", "0", "0", "256")
                .describe("Batches embedded at a time. 0: one for each core.");
        table.row(DURATION, "saga.embedding.timeout", "60s", "100ms", "1h")
                .describe("Limit for one request to an http model.");
        table.row(MODEL_LANGUAGES, "saga.embedding.languages", "")
                .describe("Languages that the model knows, as ISO 639-1 codes separated by commas; * for all. Texts in"
                        + " other languages are found by words only. Empty: en for in-process, * for other providers.");
        table.row(TEXT, "saga.embedding.query-prefix", "")
                .describe("Text that is put before each search text, separated by a space, if the model was trained"
                        + " with a prefix, such as query:");
        table.row(TEXT, "saga.embedding.passage-prefix", "")
                .describe("Text that is put before each segment, separated by a space, such as passage:");
        table.section("Search");
        table.choice("saga.vector.index", VectorIndex.EXACT)
                .describe("How search finds the nearest vectors in PostgreSQL. exact: compares with every vector; hnsw:"
                        + " an approximate index for each model, created in the background; hnsw-halfvec: the"
                        + " same with half the precision and size (pgvector 0.7).");
    }

    private static void reading(SettingsTable table) {
        table.section("Reading of documents");
        table.choice("saga.content.isolation", IsolationMode.AUTO)
                .describe("Where PDF, office and markup documents are read. process: in worker processes, which may run"
                        + " out of memory, loop or crash without affecting this process; in-process: in this process;"
                        + " auto: process in the stand-alone application, in-process in a hub.");
        table.row(INTEGER, "saga.content.workers", "0", "0", "64")
                .describe("Maximum number of worker processes that read documents; they start when they are needed. 0:"
                        + " one for each processor, but not more than saga.concurrency.");
        table.row(SIZE, "saga.content.memory", "512MiB", "64MiB", "64GiB")
                .describe("Maximum heap of a worker process. If a document needs more, the rest of its text is not"
                        + " searchable.");
        table.row(DURATION, "saga.content.idle", "5m", "1s", "1d")
                .describe("A worker process that has read nothing for so long ends, which frees its memory; the next"
                        + " document starts another one.");
        table.row(DURATION, "saga.content.cpu-time", "45s", "1s", "1d")
                .describe("Processor time that reading a document may take. If a document needs more, the rest of its"
                        + " text is not searchable.");
        table.row(DURATION, "saga.content.cpu-time-per-mib", "10s", "0s", "1h")
                .describe("Additional processor time for each MiB of the document.");
        table.row(DURATION, "saga.content.stall-timeout", "60s", "1s", "1d")
                .describe("How long a parser may neither use processor time nor return anything before it counts as"
                        + " stalled.");
        table.row(SIZE, "saga.content.max-temporary-size", "1GiB", "1MiB", "any")
                .describe("Maximum size of the temporary files for one document, in addition to twice its size. If a"
                        + " document needs more, the rest of its text is not searchable.");
        table.row(INTEGER, "saga.content.max-pages", "1000000", "1", "10000000")
                .describe("Maximum number of pages of a document whose text is read.");
    }

    private static void observability(SettingsTable table) {
        table.section("Log and health");
        table.choice("saga.log.format", LogFormat.TEXT)
                .describe("Lines of DATA/logs/saga.log. text: for people; json: for programs, one object a line with"
                        + " sagaId, file and state as fields.");
        table.row(FLAG, "saga.log.console", "false")
                .describe("true: the same lines go to standard error too, where a container's log is taken from.");
        table.row(SIZE, "saga.health.min-free", "1GiB", "0B", "any")
                .describe("GET /observe/health is DOWN if the data directory has less free space.");
        table.section("Traces (OpenTelemetry)");
        table.row(URL, "saga.otel.endpoint", "")
                .describe("URL of a collector that accepts OTLP over HTTP (http://localhost:4318); /v1/traces is"
                        + " appended. Empty: no traces. Not for a hub, which has its own tracer.");
        table.row(HEADER_SECRET, "saga.otel.api-key", "").describe("Sent as a bearer token; never logged.");
        table.row(REQUIRED, "saga.otel.service-name", "streaming-saga").describe("Service name of the traces.");
        table.row(SHARE, "saga.otel.sampling", "1").describe("Share of the traces that are sent, 0 to 1.");
        table.choice("saga.otel.detail", TraceDetail.STEPS)
                .describe("steps: each route and step of a saga; all: each chunk, batch and SQL statement too, which"
                        + " makes thousands of spans for a large file.");
    }
}
