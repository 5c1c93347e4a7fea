package dev.streamingsaga.config;

import dev.streamingsaga.config.SagaConfig.AfterDrop;
import dev.streamingsaga.config.SagaConfig.Callback;
import dev.streamingsaga.config.SagaConfig.Chunk;
import dev.streamingsaga.config.SagaConfig.Compensation;
import dev.streamingsaga.config.SagaConfig.Content;
import dev.streamingsaga.config.SagaConfig.Coordinator;
import dev.streamingsaga.config.SagaConfig.CoordinatorServer;
import dev.streamingsaga.config.SagaConfig.Database;
import dev.streamingsaga.config.SagaConfig.Drop;
import dev.streamingsaga.config.SagaConfig.DropLimits;
import dev.streamingsaga.config.SagaConfig.DropWriters;
import dev.streamingsaga.config.SagaConfig.Duplicates;
import dev.streamingsaga.config.SagaConfig.Embedding;
import dev.streamingsaga.config.SagaConfig.EmbeddingProvider;
import dev.streamingsaga.config.SagaConfig.Http;
import dev.streamingsaga.config.SagaConfig.HttpAuth;
import dev.streamingsaga.config.SagaConfig.HttpConnections;
import dev.streamingsaga.config.SagaConfig.HttpLimits;
import dev.streamingsaga.config.SagaConfig.Hub;
import dev.streamingsaga.config.SagaConfig.Jms;
import dev.streamingsaga.config.SagaConfig.LogFormat;
import dev.streamingsaga.config.SagaConfig.OnConflict;
import dev.streamingsaga.config.SagaConfig.Orphans;
import dev.streamingsaga.config.SagaConfig.Otel;
import dev.streamingsaga.config.SagaConfig.Recovery;
import dev.streamingsaga.config.SagaConfig.RecoveryMode;
import dev.streamingsaga.config.SagaConfig.S3;
import dev.streamingsaga.config.SagaConfig.Security;
import dev.streamingsaga.config.SagaConfig.Source;
import dev.streamingsaga.config.SagaConfig.TraceDetail;
import dev.streamingsaga.journal.CleanupEntries.RetryPolicy;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The settings by key, with their defaults. Keys outside {@code saga.} are none of our business and pass unread; an
 * unknown {@code saga.} key is refused, since it is most likely a typing error.
 */
public final class Settings {
    /** Databases that take {@code .url .user .password .pool-size .timeout}: the journal and each built-in store. */
    private static final List<String> STORES = List.of("security", "vector", "graph", "relational");

    private static final String NAME = "saga.name";

    /** Half-written downloads and copies, editors' files, then what Windows, macOS and storage servers make. */
    private static final String IGNORED = "*.tmp,*.temp,*.part,*.partial,*.filepart,*.crdownload,*.download,"
            + "*.opdownload,*.aria2,*.!ut,*.!qb,*.bc!,*.ytdl,*.incomplete,*.unfinished,"
            + "*.camelLock,*.swp,*.swo,*.swx,*.sb-????????-??????,*~,~$*,#*#,"
            + "Thumbs.db,ehthumbs.db,desktop.ini,$RECYCLE.BIN,System Volume Information,lost+found,"
            + "@eaDir,#recycle,#snapshot";

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]+}}|\\$\\{(env|sys):[^}]*}");

    private static final long MIB = 1024 * 1024;

    private Settings() {}

    /** Every key with its default, in the order of {@code config/application.properties}. */
    public static Map<String, String> defaults() {
        Map<String, String> d = new LinkedHashMap<>();
        d.put("saga.name", "saga");
        d.put("saga.data.dir", "data");
        d.put("saga.time-limit", "3600s");
        d.put("saga.concurrency", "2");
        d.put("saga.participants", "security,vector,graph,relational");
        d.put("saga.routes.dir", "routes");
        d.put("saga.file.max-size", "100GiB");
        d.put("saga.source.roots", "");
        d.put("saga.source.on-conflict", "join");
        d.put("saga.duplicates", "skip");
        d.put("saga.claim-check.roots", "");
        d.put("saga.security.owner", System.getProperty("user.name", "unknown"));
        d.put("saga.security.classification", "internal");
        d.put("saga.security.key-id", "none");
        d.put("saga.chunk.size", "8MiB");
        d.put("saga.chunk.prefix", "saga");
        d.put("saga.chunk.parallelism", "4");
        d.put("saga.chunk.attempts", "3");
        d.put("saga.chunk.retry-delay", "5s");
        d.put("saga.verify.read-back", "false");
        d.put("saga.s3.endpoint", "");
        d.put("saga.s3.region", "us-east-1");
        d.put("saga.s3.bucket", "streaming-saga");
        d.put("saga.s3.access-key", "");
        d.put("saga.s3.secret-key", "");
        d.put("saga.s3.path-style", "true");
        d.put("saga.s3.connect-timeout", "5s");
        d.put("saga.s3.timeout", "60s");
        database(d, "saga.journal");
        STORES.forEach(store -> database(d, "saga.store." + store));
        d.put("saga.coordinator.url", "");
        d.put("saga.coordinator.timeout", "10s");
        d.put("saga.coordinator.secret", "");
        d.put("saga.coordinator.port", "8482");
        d.put("saga.coordinator.hosts", "");
        d.put("saga.coordinator.max-lras", "1000");
        d.put("saga.callback.host", "127.0.0.1");
        d.put("saga.callback.port", "0");
        d.put("saga.callback.url", "");
        d.put("saga.callback.secret", "");
        d.put("saga.compensation.step-timeout", "60s");
        d.put("saga.compensation.max-attempts", "10");
        d.put("saga.compensation.retry-delay", "30s");
        d.put("saga.recovery.mode", "resume");
        d.put("saga.recovery.max-runs", "10");
        d.put("saga.recovery.lease", "30s");
        d.put("saga.orphans.min-age", "24h");
        d.put("saga.content.segment-tokens", "0");
        d.put("saga.content.segment-overlap-tokens", "0");
        d.put("saga.content.max-text-chars", "1000000000");
        d.put("saga.embedding.provider", "in-process");
        d.put("saga.embedding.onnx-model", "");
        d.put("saga.embedding.onnx-tokenizer", "");
        d.put("saga.embedding.url", "");
        d.put("saga.embedding.model", "");
        d.put("saga.embedding.api-key", "");
        d.put("saga.embedding.dimension", "384");
        d.put("saga.embedding.batch-size", "32");
        d.put("saga.embedding.threads", "0");
        d.put("saga.embedding.timeout", "60s");
        d.put("saga.log.format", "text");
        d.put("saga.health.min-free", "1GiB");
        d.put("saga.otel.endpoint", "");
        d.put("saga.otel.api-key", "");
        d.put("saga.otel.service-name", "streaming-saga");
        d.put("saga.otel.sampling", "1");
        d.put("saga.otel.detail", "steps");
        d.put("saga.http.enabled", "true");
        d.put("saga.http.host", "127.0.0.1");
        d.put("saga.http.port", "8480");
        d.put("saga.http.path", "");
        d.put("saga.http.roots", "");
        d.put("saga.http.max-uploads", "4");
        d.put("saga.http.max-sagas", "64");
        d.put("saga.http.max-downloads", "8");
        d.put("saga.http.max-listeners", "16");
        d.put("saga.http.idle-timeout", "60s");
        d.put("saga.http.min-rate", "1KiB");
        d.put("saga.http.max-connections", "512");
        d.put("saga.http.header-timeout", "15s");
        d.put("saga.http.keep-alive", "60s");
        d.put("saga.http.keys-file", "");
        d.put("saga.http.oidc.issuer", "");
        d.put("saga.http.oidc.audience", "");
        d.put("saga.http.oidc.jwks-url", "");
        d.put("saga.drop.dir", "");
        d.put("saga.drop.done-file", "");
        d.put("saga.drop.stable-for", "5s");
        d.put("saga.drop.interval", "1s");
        d.put("saga.drop.recursive", "false");
        d.put("saga.drop.after", "move");
        d.put("saga.drop.wait-for-writers", "true");
        d.put("saga.drop.watch-after", "10m");
        d.put("saga.drop.max-size", "100GiB");
        d.put("saga.drop.types", "");
        d.put("saga.drop.ignore", IGNORED);
        d.put("saga.drop.max-per-minute", "0");
        d.put("saga.jms.embedded", "false");
        d.put("saga.jms.port", "0");
        d.put("saga.jms.url", "");
        d.put("saga.jms.user", "");
        d.put("saga.jms.password", "");
        d.put("saga.jms.queue", "saga-ingest");
        d.put("saga.jms.dead-letter-queue", "saga-ingest-dead");
        d.put("saga.jms.roots", "");
        d.put("saga.hub.fail-on", "never");
        return d;
    }

    private static void database(Map<String, String> d, String key) {
        d.put(key + ".url", "");
        d.put(key + ".user", "");
        d.put(key + ".password", "");
        d.put(key + ".pool-size", "4");
        d.put(key + ".timeout", "30s");
    }

    /**
     * Checks all given values at once, over the defaults.
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
                        + " has a placeholder that was not resolved: in a hub write {{env:NAME}} or {{env:NAME:default}}; the application"
                        + " itself takes the environment variable "
                        + key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"));
            } else if (values.containsKey(key)) {
                values.put(key, value.strip());
            } else if (key.startsWith("saga.")) {
                unknown.add(key);
            }
        });
        unknown.forEach(key -> read.refuse(key + " is not a setting; config/application.properties lists them all"));
        SagaConfig config = build(read);
        read.check();
        return config;
    }

    /**
     * As above, for an instance in somebody else's application: every key begins with the instance's name instead of
     * {@code saga}, {@code data.dir} is {@code data-<name>} and {@code chunk.prefix} the name for another name than
     * {@code saga}, so that two instances have nothing in common.
     *
     * @throws ConfigException as above, with the keys as they were given
     */
    public static SagaConfig parse(String name, Map<String, String> given) {
        Map<String, String> ours = new LinkedHashMap<>();
        ours.put(NAME, name);
        if (!name.equals("saga")) {
            ours.put("saga.data.dir", "data-" + name);
            ours.put("saga.chunk.prefix", name);
        }
        given.forEach((key, value) -> {
            if (key.startsWith(name + ".")) {
                ours.put("saga" + key.substring(name.length()), value);
            }
        });
        try {
            if (!ours.get(NAME).equals(name)) {
                throw ConfigException.of(
                        "saga.name must be " + name + " or not set at all, was \"" + ours.get(NAME) + "\"");
            }
            return parse(ours);
        } catch (ConfigException e) {
            throw new ConfigException(e.problems().stream()
                    .map(problem -> problem.replaceAll("\\bsaga\\.(?=[a-z])", name + "."))
                    .toList());
        }
    }

    /**
     * Whether a value still has a placeholder in it, of Camel ({@code {{NAME}}}) or for a variable
     * ({@code ${env:NAME}}). It would be sent to a server as it is.
     */
    public static boolean hasPlaceholder(String value) {
        return PLACEHOLDER.matcher(value).find();
    }

    private static SagaConfig build(SettingsReader read) {
        List<String> participants = read.names("saga.participants");
        Map<String, Database> stores = new LinkedHashMap<>();
        STORES.forEach(store -> stores.put(store, database(read, "saga.store." + store)));
        return new SagaConfig(
                read.name("saga.name"),
                Path.of(read.text("saga.data.dir")).toAbsolutePath().normalize(),
                read.duration("saga.time-limit", 1, 30 * 86_400),
                read.integer("saga.concurrency", 1, 256),
                participants,
                Path.of(read.text("saga.routes.dir")),
                new Source(
                        read.size("saga.file.max-size", 1, Long.MAX_VALUE),
                        read.paths("saga.source.roots"),
                        read.choice("saga.source.on-conflict", OnConflict.class),
                        read.choice("saga.duplicates", Duplicates.class),
                        read.paths("saga.claim-check.roots")),
                new Security(
                        read.required("saga.security.owner"),
                        read.oneOf("saga.security.classification", "public", "internal", "confidential", "restricted"),
                        read.required("saga.security.key-id")),
                new Chunk(
                        read.size("saga.chunk.size", 5 * MIB, 64 * MIB),
                        read.keyPrefix("saga.chunk.prefix"),
                        read.integer("saga.chunk.parallelism", 1, 64),
                        read.integer("saga.chunk.attempts", 1, 100),
                        read.duration("saga.chunk.retry-delay", 0, 3600),
                        read.flag("saga.verify.read-back")),
                new S3(
                        read.uri("saga.s3.endpoint"),
                        read.required("saga.s3.region"),
                        read.bucket("saga.s3.bucket"),
                        read.text("saga.s3.access-key"),
                        read.text("saga.s3.secret-key"),
                        read.flag("saga.s3.path-style"),
                        read.duration("saga.s3.connect-timeout", 0.1, 300),
                        read.duration("saga.s3.timeout", 0.1, 3600)),
                database(read, "saga.journal"),
                Map.copyOf(stores),
                new Coordinator(
                        read.uri("saga.coordinator.url"),
                        read.duration("saga.coordinator.timeout", 0.1, 300),
                        read.bearerSecret("saga.coordinator.secret"),
                        new CoordinatorServer(
                                read.integer("saga.coordinator.port", 0, 65_535),
                                read.hosts("saga.coordinator.hosts"),
                                read.integer("saga.coordinator.max-lras", 1, 100_000))),
                new Callback(
                        read.required("saga.callback.host"),
                        read.integer("saga.callback.port", 0, 65_535),
                        read.uri("saga.callback.url"),
                        read.secret("saga.callback.secret")),
                new Compensation(
                        read.duration("saga.compensation.step-timeout", 0.1, 3600),
                        new RetryPolicy(
                                read.duration("saga.compensation.retry-delay", 0.1, 86_400),
                                read.integer("saga.compensation.max-attempts", 1, 1000))),
                new Recovery(
                        read.choice("saga.recovery.mode", RecoveryMode.class),
                        read.integer("saga.recovery.max-runs", 1, 1000),
                        read.duration("saga.recovery.lease", 2, 3600)),
                new Orphans(read.duration("saga.orphans.min-age", 0, 3650L * 86_400)),
                new Content(
                        read.integer("saga.content.segment-tokens", 0, 8192),
                        read.integer("saga.content.segment-overlap-tokens", 0, 1024),
                        read.integer("saga.content.max-text-chars", 0, Integer.MAX_VALUE)),
                new Embedding(
                        read.choice("saga.embedding.provider", EmbeddingProvider.class),
                        read.path("saga.embedding.onnx-model"),
                        read.path("saga.embedding.onnx-tokenizer"),
                        read.uri("saga.embedding.url"),
                        read.text("saga.embedding.model"),
                        read.text("saga.embedding.api-key"),
                        read.integer("saga.embedding.dimension", 1, 8192),
                        read.integer("saga.embedding.batch-size", 1, 1024),
                        read.integer("saga.embedding.threads", 0, 256),
                        read.duration("saga.embedding.timeout", 0.1, 3600)),
                http(read),
                drop(read),
                jms(read),
                new SagaConfig.Observability(
                        read.choice("saga.log.format", LogFormat.class),
                        read.size("saga.health.min-free", 0, Long.MAX_VALUE),
                        otel(read)),
                new Hub(read.choice("saga.hub.fail-on", FailOn.class)));
    }

    private static Otel otel(SettingsReader read) {
        return new Otel(
                read.uri("saga.otel.endpoint"),
                read.headerValue("saga.otel.api-key"),
                read.required("saga.otel.service-name"),
                read.share("saga.otel.sampling"),
                read.choice("saga.otel.detail", TraceDetail.class));
    }

    private static Jms jms(SettingsReader read) {
        Jms jms = new Jms(
                read.flag("saga.jms.embedded"),
                read.integer("saga.jms.port", 0, 65_535),
                read.brokerUrl("saga.jms.url"),
                read.text("saga.jms.user"),
                read.text("saga.jms.password"),
                read.queue("saga.jms.queue"),
                read.queue("saga.jms.dead-letter-queue"),
                read.paths("saga.jms.roots"));
        if (jms.embedded() && !jms.url().isEmpty()) {
            read.refuse("saga.jms.url must be empty if saga.jms.embedded is true: messages come from one broker");
        }
        if (jms.queue().equals(jms.deadLetterQueue())) {
            read.refuse("saga.jms.dead-letter-queue must be another queue than saga.jms.queue");
        }
        return jms;
    }

    private static Drop drop(SettingsReader read) {
        return new Drop(
                read.folderApart("saga.drop.dir", "saga.data.dir"),
                read.marker("saga.drop.done-file"),
                read.duration("saga.drop.stable-for", 0, 86_400),
                read.duration("saga.drop.interval", 0.1, 3600),
                read.flag("saga.drop.recursive"),
                read.choice("saga.drop.after", AfterDrop.class),
                new DropWriters(
                        read.flag("saga.drop.wait-for-writers"), read.duration("saga.drop.watch-after", 0, 604_800)),
                new DropLimits(
                        read.size("saga.drop.max-size", 1, Long.MAX_VALUE),
                        read.types("saga.drop.types"),
                        read.integer("saga.drop.max-per-minute", 0, 1_000_000),
                        read.nameGlobs("saga.drop.ignore")));
    }

    private static Http http(SettingsReader read) {
        HttpAuth auth = new HttpAuth(
                read.path("saga.http.keys-file"),
                read.issuer("saga.http.oidc.issuer"),
                read.text("saga.http.oidc.audience"),
                read.uri("saga.http.oidc.jwks-url"));
        if (auth.oidcIssuer().isPresent() && auth.oidcAudience().isEmpty()) {
            read.refuse(
                    "saga.http.oidc.audience must name us if saga.http.oidc.issuer is set: else any token of that provider would do");
        }
        HttpLimits limits = limits(read);
        int busy = limits.uploads() + limits.sagas() + limits.downloads() + limits.listeners();
        if (limits.connections().max() <= busy) {
            read.refuse("saga.http.max-connections must be more than saga.http.max-uploads, saga.http.max-sagas,"
                    + " saga.http.max-downloads and saga.http.max-listeners together ("
                    + busy + "), since each of them may keep a connection, was \""
                    + limits.connections().max() + "\"");
        }
        return new Http(
                read.flag("saga.http.enabled"),
                auth.isOff() ? read.loopback("saga.http.host") : read.required("saga.http.host"),
                read.integer("saga.http.port", 0, 65_535),
                read.urlPath("saga.http.path"),
                read.paths("saga.http.roots"),
                limits,
                auth);
    }

    private static HttpLimits limits(SettingsReader read) {
        return new HttpLimits(
                read.integer("saga.http.max-uploads", 1, 256),
                read.integer("saga.http.max-sagas", 1, 4096),
                read.integer("saga.http.max-downloads", 1, 256),
                read.integer("saga.http.max-listeners", 1, 1024),
                read.duration("saga.http.idle-timeout", 0.1, 3600),
                read.size("saga.http.min-rate", 0, 1024 * MIB),
                new HttpConnections(
                        read.integer("saga.http.max-connections", 4, 65_535),
                        read.duration("saga.http.header-timeout", 0.1, 300),
                        read.duration("saga.http.keep-alive", 0.1, 3600)));
    }

    private static Database database(SettingsReader read, String key) {
        return new Database(
                read.jdbcUrl(key + ".url"),
                read.text(key + ".user"),
                read.text(key + ".password"),
                read.integer(key + ".pool-size", 1, 256),
                read.duration(key + ".timeout", 0.1, 3600));
    }
}
