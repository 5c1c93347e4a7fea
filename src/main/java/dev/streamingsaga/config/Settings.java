package dev.streamingsaga.config;

import dev.streamingsaga.config.DocumentConfig.Attachments;
import dev.streamingsaga.config.DocumentConfig.Chunk;
import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.config.DocumentConfig.Content;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.DocumentConfig.IsolationMode;
import dev.streamingsaga.config.DocumentConfig.OcrMode;
import dev.streamingsaga.config.DocumentConfig.OnConflict;
import dev.streamingsaga.config.DocumentConfig.OnFailure;
import dev.streamingsaga.config.DocumentConfig.Reading;
import dev.streamingsaga.config.DocumentConfig.ReadingLimits;
import dev.streamingsaga.config.DocumentConfig.Recognition;
import dev.streamingsaga.config.DocumentConfig.Security;
import dev.streamingsaga.config.DocumentConfig.Source;
import dev.streamingsaga.config.DocumentConfig.StoredAs;
import dev.streamingsaga.config.EndpointConfig.AfterDrop;
import dev.streamingsaga.config.EndpointConfig.Drop;
import dev.streamingsaga.config.EndpointConfig.DropLimits;
import dev.streamingsaga.config.EndpointConfig.DropWriters;
import dev.streamingsaga.config.EndpointConfig.Http;
import dev.streamingsaga.config.EndpointConfig.HttpAuth;
import dev.streamingsaga.config.EndpointConfig.HttpConnections;
import dev.streamingsaga.config.EndpointConfig.HttpLimits;
import dev.streamingsaga.config.EndpointConfig.HttpUploads;
import dev.streamingsaga.config.EndpointConfig.Hub;
import dev.streamingsaga.config.EndpointConfig.Jms;
import dev.streamingsaga.config.EndpointConfig.Staging;
import dev.streamingsaga.config.OperationConfig.Compensation;
import dev.streamingsaga.config.OperationConfig.LogFormat;
import dev.streamingsaga.config.OperationConfig.Observability;
import dev.streamingsaga.config.OperationConfig.OrphanPolicy;
import dev.streamingsaga.config.OperationConfig.Otel;
import dev.streamingsaga.config.OperationConfig.RecoveryMode;
import dev.streamingsaga.config.OperationConfig.RecoveryPolicy;
import dev.streamingsaga.config.OperationConfig.TraceDetail;
import dev.streamingsaga.config.ServerConfig.Callback;
import dev.streamingsaga.config.ServerConfig.Coordinator;
import dev.streamingsaga.config.ServerConfig.CoordinatorServer;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.config.ServerConfig.Embedding;
import dev.streamingsaga.config.ServerConfig.EmbeddingProvider;
import dev.streamingsaga.config.ServerConfig.S3;
import dev.streamingsaga.config.ServerConfig.VectorIndex;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.RedeliveryPolicy;
import dev.streamingsaga.journal.StoreNames;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Parses settings. Keys outside {@code saga.} are ignored; an unknown {@code saga.} key is refused, because it is most
 * likely a typing error.
 */
public final class Settings {
    private static final String NAME = "saga.name";

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]+}}|\\$\\{(env|sys):[^}]*}");

    private Settings() {}

    /** Every key with its default, in the order of {@code config/application.properties}. */
    public static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        SettingsCatalog.settings().forEach(setting -> defaults.put(setting.key(), setting.defaultValue()));
        return defaults;
    }

    /** The keys whose values are secrets. */
    public static Set<String> secrets() {
        return SettingsCatalog.settings().stream()
                .filter(setting -> setting.type().isSecret())
                .map(Setting::key)
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Checks all values at once; defaults apply to the keys that are missing.
     *
     * @param given keys as in {@code config/application.properties}; keys outside {@code saga.} are ignored
     * @throws ConfigException naming every unknown key and every value that breaks its rule
     */
    public static SagaConfig parse(Map<String, String> given) {
        Map<String, String> values = defaults();
        SettingsReader read = new SettingsReader(values);
        Set<String> unknown = new TreeSet<>();
        given.forEach((key, value) -> {
            if (values.containsKey(key) && hasPlaceholder(value)) {
                read.refuse(key
                        + " has a placeholder that was not resolved: in a hub write {{env:NAME}} or"
                        + " {{env:NAME:default}}; for the application itself set the environment variable "
                        + key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"));
            } else if (values.containsKey(key)) {
                values.put(key, value.strip());
            } else if (key.startsWith("saga.")) {
                unknown.add(key);
            }
        });
        unknown.forEach(key -> read.refuse(key + " is not a setting; config/application.properties lists them all"));
        SagaConfig config = build(read);
        if (config.documents().chunk().storedAs().encryption() != ChunkEncryption.NONE
                && !config.servers().encryption().canWrap()) {
            read.refuse("saga.chunk.encryption=aes256-gcm needs a key that wraps the keys of documents: set"
                    + " saga.encryption.provider (docs/keys.md)");
        }
        read.check();
        return config;
    }

    /**
     * As {@link #parse(Map)}, for an instance in a hub: every key begins with the instance's name instead of
     * {@code saga}. For a name other than {@code saga}, {@code data.dir} is {@code data-<name>} and
     * {@code chunk.prefix} is the name by default, so that two instances share nothing.
     *
     * @throws ConfigException as {@link #parse(Map)}, with the keys as the hub wrote them
     */
    public static SagaConfig parse(String name, Map<String, String> given) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(NAME, name);
        if (!name.equals("saga")) {
            settings.put("saga.data.dir", "data-" + name);
            settings.put("saga.chunk.prefix", name);
        }
        given.forEach((key, value) -> {
            if (key.startsWith(name + ".")) {
                settings.put("saga" + key.substring(name.length()), value);
            }
        });
        try {
            if (!settings.get(NAME).equals(name)) {
                throw ConfigException.of("saga.name must be " + name + " or unset, was \"" + settings.get(NAME) + "\"");
            }
            return parse(settings);
        } catch (ConfigException e) {
            throw new ConfigException(e.problems().stream()
                    .map(problem -> problem.replaceAll("\\bsaga\\.(?=[a-z])", name + "."))
                    .toList());
        }
    }

    /**
     * Whether a value still contains a placeholder, of Camel ({@code {{NAME}}}) or for a variable
     * ({@code ${env:NAME}}). Such a value would be sent to a server unresolved.
     */
    public static boolean hasPlaceholder(String value) {
        return PLACEHOLDER.matcher(value).find();
    }

    static SagaConfig build(SettingsReader read) {
        return new SagaConfig(
                read.text("saga.name"),
                read.folder("saga.data.dir"),
                read.duration("saga.time-limit"),
                read.integer("saga.concurrency"),
                read.names("saga.participants"),
                Path.of(read.text("saga.routes.dir")),
                documents(read),
                servers(read),
                operation(read),
                new EndpointConfig(
                        http(read), drop(read), jms(read), new Hub(read.choice("saga.hub.fail-on", FailOn.class))));
    }

    private static DocumentConfig documents(SettingsReader read) {
        return new DocumentConfig(
                new Source(
                        read.size("saga.file.max-size"),
                        read.folders("saga.source.roots"),
                        read.choice("saga.source.on-conflict", OnConflict.class),
                        read.choice("saga.duplicates", Duplicates.class),
                        read.integer("saga.versions.keep"),
                        read.folders("saga.claim-check.roots")),
                new Security(
                        read.text("saga.security.owner"),
                        read.choice("saga.security.classification"),
                        read.text("saga.security.key-id")),
                new Chunk(
                        read.size("saga.chunk.size"),
                        read.text("saga.chunk.prefix"),
                        read.integer("saga.chunk.parallelism"),
                        read.integer("saga.chunk.attempts"),
                        read.duration("saga.chunk.retry-delay"),
                        read.flag("saga.verify.read-back"),
                        new StoredAs(
                                read.choice("saga.chunk.compression", ChunkCompression.class),
                                read.integer("saga.chunk.compression.level"),
                                read.choice("saga.chunk.encryption", ChunkEncryption.class),
                                read.size("saga.chunk.memory"))),
                new Content(
                        read.integer("saga.content.segment-tokens"),
                        read.integer("saga.content.segment-overlap-tokens"),
                        read.integer("saga.content.max-text-chars"),
                        read.charset("saga.content.charset"),
                        new Attachments(
                                read.integer("saga.content.attachments.depth"),
                                read.integer("saga.content.attachments.max"),
                                read.size("saga.content.attachments.max-size")),
                        read.path("saga.content.passwords"),
                        reading(read),
                        read.choice("saga.content.on-failure", OnFailure.class),
                        new Recognition(
                                read.choice("saga.content.ocr", OcrMode.class),
                                read.languages("saga.content.ocr.languages"),
                                read.duration("saga.content.ocr.page-cpu"))));
    }

    private static Reading reading(SettingsReader read) {
        return new Reading(
                read.choice("saga.content.isolation", IsolationMode.class),
                read.integer("saga.content.workers"),
                read.size("saga.content.memory"),
                read.duration("saga.content.idle"),
                new ReadingLimits(
                        read.duration("saga.content.cpu-time"),
                        read.duration("saga.content.cpu-time-per-mib"),
                        read.duration("saga.content.stall-timeout"),
                        read.size("saga.content.max-temporary-size"),
                        read.integer("saga.content.max-pages")),
                read.all("saga.content."));
    }

    private static ServerConfig servers(SettingsReader read) {
        Map<String, Database> stores = new LinkedHashMap<>();
        StoreNames.BUILT_IN.forEach(store -> stores.put(store, store(read, store)));
        return new ServerConfig(
                new S3(
                        read.uri("saga.s3.endpoint"),
                        read.text("saga.s3.region"),
                        read.text("saga.s3.bucket"),
                        read.text("saga.s3.access-key"),
                        read.text("saga.s3.secret-key"),
                        read.flag("saga.s3.path-style"),
                        read.duration("saga.s3.connect-timeout"),
                        read.duration("saga.s3.timeout")),
                database(read, "saga.journal"),
                Map.copyOf(stores),
                new Coordinator(
                        read.uri("saga.coordinator.url"),
                        read.duration("saga.coordinator.timeout"),
                        read.text("saga.coordinator.secret"),
                        coordinatorServer(read)),
                new Callback(
                        read.text("saga.callback.host"),
                        read.integer("saga.callback.port"),
                        read.uri("saga.callback.url"),
                        read.text("saga.callback.secret")),
                new Embedding(
                        read.choice("saga.embedding.provider", EmbeddingProvider.class),
                        read.path("saga.embedding.onnx-model"),
                        read.path("saga.embedding.onnx-tokenizer"),
                        read.uri("saga.embedding.url"),
                        read.text("saga.embedding.model"),
                        read.text("saga.embedding.api-key"),
                        read.integer("saga.embedding.dimension"),
                        read.integer("saga.embedding.batch-size"),
                        read.integer("saga.embedding.threads"),
                        read.duration("saga.embedding.timeout"),
                        read.modelLanguages("saga.embedding.languages"),
                        read.text("saga.embedding.query-prefix"),
                        read.text("saga.embedding.passage-prefix")),
                read.choice("saga.vector.index", VectorIndex.class),
                EncryptionSettings.read(read));
    }

    private static OperationConfig operation(SettingsReader read) {
        return new OperationConfig(
                new OperationConfig.Node(
                        read.text("saga.node.name"),
                        read.duration("saga.start.wait"),
                        read.duration("saga.drain.timeout")),
                new OperationConfig.WaitPolicy(
                        read.integer("saga.step.attempts"),
                        read.duration("saga.step.retry-delay"),
                        read.duration("saga.patience")),
                new RedeliveryPolicy(
                        read.integer("saga.redelivery.max"),
                        read.duration("saga.redelivery.delay"),
                        read.duration("saga.redelivery.until")),
                new Compensation(
                        read.duration("saga.compensation.step-timeout"),
                        new RetryPolicy(
                                read.duration("saga.compensation.retry-delay"),
                                read.integer("saga.compensation.max-attempts"))),
                new RecoveryPolicy(
                        read.choice("saga.recovery.mode", RecoveryMode.class),
                        read.integer("saga.recovery.max-runs"),
                        read.duration("saga.recovery.lease"),
                        read.duration("saga.source.host-patience")),
                new OrphanPolicy(read.duration("saga.orphans.min-age")),
                new OperationConfig.Receipts(
                        read.choice("saga.receipts", OperationConfig.ReceiptMode.class),
                        read.path("saga.receipts.key-file")),
                JournalRetentionSettings.read(read),
                new Observability(
                        read.choice("saga.log.format", LogFormat.class),
                        read.flag("saga.log.console"),
                        read.size("saga.health.min-free"),
                        otel(read)));
    }

    private static Otel otel(SettingsReader read) {
        return new Otel(
                read.uri("saga.otel.endpoint"),
                read.text("saga.otel.api-key"),
                read.text("saga.otel.service-name"),
                read.share("saga.otel.sampling"),
                read.choice("saga.otel.detail", TraceDetail.class));
    }

    private static CoordinatorServer coordinatorServer(SettingsReader read) {
        CoordinatorServer server = new CoordinatorServer(
                read.text("saga.coordinator.host"),
                read.integer("saga.coordinator.port"),
                read.hosts("saga.coordinator.hosts"),
                read.integer("saga.coordinator.max-lras"));
        if (server.isOnEveryAddress() && server.hosts().isEmpty()) {
            read.refuse(
                    "saga.coordinator.hosts must have the name that the nodes use, since saga.coordinator.host is \""
                            + server.host() + "\"");
        }
        return server;
    }

    private static Jms jms(SettingsReader read) {
        Jms jms = new Jms(
                read.flag("saga.jms.embedded"),
                read.integer("saga.jms.port"),
                read.text("saga.jms.url"),
                read.text("saga.jms.user"),
                read.text("saga.jms.password"),
                read.text("saga.jms.queue"),
                read.text("saga.jms.dead-letter-queue"),
                read.folders("saga.jms.roots"),
                read.choice("saga.jms.staging", Staging.class));
        if (jms.embedded() && !jms.url().isEmpty()) {
            read.refuse("saga.jms.url must be empty if saga.jms.embedded is true: only one broker is used");
        }
        if (jms.queue().equals(jms.deadLetterQueue())) {
            read.refuse("saga.jms.dead-letter-queue must differ from saga.jms.queue");
        }
        return jms;
    }

    private static Drop drop(SettingsReader read) {
        return new Drop(
                read.folderApart("saga.drop.dir", "saga.data.dir"),
                read.text("saga.drop.done-file"),
                read.duration("saga.drop.stable-for"),
                read.duration("saga.drop.interval"),
                read.flag("saga.drop.recursive"),
                read.choice("saga.drop.after", AfterDrop.class),
                new DropWriters(read.flag("saga.drop.wait-for-writers"), read.duration("saga.drop.watch-after")),
                new DropLimits(
                        read.size("saga.drop.max-size"),
                        read.contentTypes("saga.drop.types"),
                        read.integer("saga.drop.max-per-minute"),
                        read.namePatterns("saga.drop.ignore")));
    }

    private static Http http(SettingsReader read) {
        HttpAuth auth = new HttpAuth(
                read.path("saga.http.keys-file"),
                read.issuer("saga.http.oidc.issuer"),
                read.text("saga.http.oidc.audience"),
                read.uri("saga.http.oidc.jwks-url"),
                read.text("saga.http.oidc.owners-claim"),
                read.text("saga.http.oidc.classification-claim"));
        if (auth.oidcIssuer().isPresent() && auth.oidcAudience().isEmpty()) {
            read.refuse("saga.http.oidc.audience must name this service if saga.http.oidc.issuer is set:"
                    + " without it, any token of that provider would be accepted");
        }
        HttpLimits limits = limits(read);
        int others = limits.uploads() + limits.sagas() + limits.downloads() + limits.listeners();
        if (limits.connections().max() <= others) {
            read.refuse("saga.http.max-connections must be more than saga.http.max-uploads, saga.http.max-sagas,"
                    + " saga.http.max-downloads and saga.http.max-listeners together ("
                    + others + "), because each of them may hold a connection, was \""
                    + limits.connections().max() + "\"");
        }
        return new Http(
                read.flag("saga.http.enabled"),
                auth.isOff() ? read.loopback("saga.http.host") : read.text("saga.http.host"),
                read.integer("saga.http.port"),
                read.text("saga.http.path"),
                read.folders("saga.http.roots"),
                new HttpUploads(
                        read.choice("saga.http.staging", Staging.class),
                        read.duration("saga.http.uploads.expire"),
                        read.integer("saga.http.uploads.max-open")),
                limits,
                auth);
    }

    private static HttpLimits limits(SettingsReader read) {
        return new HttpLimits(
                read.integer("saga.http.max-uploads"),
                read.integer("saga.http.max-sagas"),
                read.integer("saga.http.max-downloads"),
                read.integer("saga.http.max-listeners"),
                read.duration("saga.http.idle-timeout"),
                read.size("saga.http.min-rate"),
                new HttpConnections(
                        read.integer("saga.http.max-connections"),
                        read.duration("saga.http.header-timeout"),
                        read.duration("saga.http.keep-alive")));
    }

    private static Database store(SettingsReader read, String store) {
        Database database = database(read, "saga.store." + store);
        return store.equals(StoreNames.GRAPH) ? graph(read, database) : database;
    }

    private static Database graph(SettingsReader read, Database database) {
        String name = read.text("saga.store.graph.database");
        if (!name.isEmpty() && !database.isNeo4j()) {
            read.refuse("saga.store.graph.database is for a Neo4j server only, but saga.store.graph.url does not name"
                    + " one; other databases have their name in the URL");
        }
        return database.named(name);
    }

    private static Database database(SettingsReader read, String key) {
        return new Database(
                read.optionalText(key + ".url"),
                read.text(key + ".user"),
                read.text(key + ".password"),
                read.integer(key + ".pool-size"),
                read.duration(key + ".timeout"));
    }
}
