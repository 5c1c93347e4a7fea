package dev.streamingsaga.embedded;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.content.TextContent;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Neo4jDatabase;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.http.HttpStatusException;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.lra.CoordinatorSecret;
import dev.streamingsaga.lra.CoordinatorTrial;
import dev.streamingsaga.lra.LraScope;
import dev.streamingsaga.lra.PersistentPort;
import dev.streamingsaga.store.EmbeddedVectorStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.Model;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;

/**
 * Checks each part that a saga needs without changing it: no schema, no bucket, no file in the data directory. Each
 * method returns its result in one line, or throws an exception that says what is wrong. Works while another process
 * uses the same data directory.
 */
public final class Diagnosis {
    private final SagaConfig config;
    private final Path scratch;

    /** @param scratch an empty directory for temporary files of the checks; the caller removes it */
    public Diagnosis(SagaConfig config, Path scratch) {
        this.config = config;
        this.scratch = scratch;
    }

    /** @param role {@code journal} or a built-in store */
    public String database(String role) {
        ServerConfig.Database settings = role.equals("journal")
                ? config.servers().journal()
                : config.servers().store(role);
        if (settings.isNeo4j()) {
            return neo4j(role, settings);
        }
        Databases.DatabaseState found = Databases.inspect(role, settings, config.dataDir());
        String where = found.dialect() + " "
                + settings.url()
                        .map(url -> url.replaceAll("[?].*", ""))
                        .orElse("embedded, " + config.dataDir().resolve(role + ".db"));
        if (!found.exists()) {
            return where + ", does not exist yet: created at the first start";
        }
        if (found.applied() == 0) {
            return where + " answers, not migrated yet: " + found.pending() + " migrations at the first start";
        }
        return where + " answers"
                + (found.pending() > 0 ? ", " + found.pending() + " migrations at the next start" : "")
                + (role.equals(StoreNames.VECTOR)
                        ? EmbeddedVectorStore.advice(config)
                                .map(advice -> "; " + advice)
                                .orElse("")
                        : "");
    }

    private static String neo4j(String role, ServerConfig.Database settings) {
        List<String> missing = Neo4jDatabase.inspect(role, settings);
        String database = settings.name().isEmpty() ? "" : ", database " + settings.name();
        return "NEO4J " + settings.url().orElseThrow() + database + " answers"
                + (missing.isEmpty() ? "" : "; the next start creates " + String.join(", ", missing));
    }

    public String bucket() {
        String where = config.servers().s3().bucket() + " at "
                + config.servers()
                        .s3()
                        .endpoint()
                        .map(URI::toString)
                        .orElse("the embedded server, " + config.dataDir().resolve("bucket"));
        boolean embedded = config.servers().s3().endpoint().isEmpty();
        Path data = config.dataDir();
        if (embedded && !(Files.isDirectory(data.resolve("bucket")) && Files.exists(data.resolve("s3.credentials")))) {
            return where + ", does not exist yet: created at the first start";
        }
        try (BucketConnection buckets = BucketConnection.openReadOnly(config)) {
            if (embedded) {
                buckets.chunks().ping();
                return where + " answers";
            }
            buckets.chunks().pingAccess();
            return where + " allows listing, and an upload, which was aborted";
        } catch (NoSuchBucketException e) {
            return where + " answers, the bucket does not exist yet: created at the first start, if permitted";
        }
    }

    public String model() {
        try (TextContent content = TextContent.create(
                config.documents().content(), config.servers().embedding(), scratch.resolve("spool"))) {
            int dimension = content.embedder()
                    .embed(List.of("Is there a doctor in the house?"))
                    .get(0)
                    .length;
            return content.embedder().modelId() + ", dimension " + dimension + ", up to "
                    + content.embedder().maxTokens() + " tokens";
        }
    }

    public String keys() {
        return DocumentEncryption.inspect(config.servers().encryption());
    }

    /** Text in images is not needed by any saga, so that a missing program is no failure. */
    public String recognition() {
        DocumentConfig.Recognition wanted = config.documents().content().recognition();
        return wanted.mode() == DocumentConfig.OcrMode.OFF
                ? "off (saga.content.ocr)"
                : TextContent.recognitionProgram(wanted)
                        .orElse("no tesseract with one of the languages " + String.join(", ", wanted.languages())
                                + " is installed: text in images is not recognised");
    }

    /**
     * Begins, joins and cancels an LRA, and waits for the coordinator's callback. If the embedded coordinator is not
     * running, tests one on temporary data.
     */
    public String coordinator() throws IOException, InterruptedException {
        Optional<URI> url = config.servers().coordinator().url();
        if (url.isPresent()) {
            return "coordinator " + url.get() + test(CoordinatorAccess.to(url.get(), config));
        }
        if (DataDirectory.isInUse(config.dataDir())) {
            CoordinatorAccess running = running();
            return "embedded coordinator " + running.scope().coordinator() + " of the running process" + test(running);
        }
        Path other = Files.createDirectories(scratch.resolve("coordinator-trial"));
        SagaConfig elsewhere = Settings.parse(Map.of("saga.data.dir", other.toString()));
        try (EmbeddedCoordinator started = EmbeddedCoordinator.start(elsewhere)) {
            return "embedded coordinator, not running now; one that was started on temporary data"
                    + test(started.access());
        }
    }

    private String test(CoordinatorAccess access) throws IOException, InterruptedException {
        try {
            Optional<Integer> port = PersistentPort.kept(config.dataDir().resolve("callback.port"));
            URI callback = new CoordinatorTrial(config, access).run(scratch, port);
            return ": an LRA was begun, joined and cancelled, and its callback arrived at " + callback;
        } catch (SagaException e) {
            boolean answered = e.getCause() == null || e.getCause() instanceof HttpStatusException;
            String problem = answered
                    ? "the coordinator " + access.scope().coordinator() + " cannot be used: "
                    : "no coordinator answers at " + access.scope().coordinator() + ": ";
            throw new UnavailableException(problem + e.getMessage(), e);
        }
    }

    /**
     * Call only while the data directory is locked: the lock proves which process listens on the port and gets the
     * secret.
     */
    private CoordinatorAccess running() throws IOException {
        Path directory = config.dataDir().resolve("coordinator");
        Optional<Integer> port = PersistentPort.kept(directory.resolve("port"));
        Optional<CoordinatorSecret> secret =
                CoordinatorSecret.of(config.servers().coordinator().secret());
        Path file = directory.resolve("secret");
        if (port.isEmpty() || (secret.isEmpty() && !Files.exists(file))) {
            throw new UnavailableException(
                    "the process that uses " + config.dataDir() + " runs no coordinator, or has not started it yet",
                    null);
        }
        return new CoordinatorAccess(
                LraScope.of(CoordinatorAddress.loopback(List.of()).url(port.get())),
                Optional.of(secret.isPresent() ? secret.get() : CoordinatorSecret.kept(file)));
    }

    /** Loads all route files without starting a route, and checks that each custom store has its routes. */
    public String routes() throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.disableJMX();
            Application.loadRoutes(context, config);
            Model model = context.getCamelContextExtension().getContextPlugin(Model.class);
            Set<String> from = model.getRouteDefinitions().stream()
                    .map(route ->
                            context.resolvePropertyPlaceholders(route.getInput().getEndpointUri()))
                    .collect(Collectors.toSet());
            List<String> missing = config.participants().stream()
                    .filter(store -> !StoreNames.BUILT_IN.contains(store))
                    .flatMap(store -> Stream.of(RouteNames.WRITE, RouteNames.COMPENSATE)
                            .map(suffix -> config.direct(RouteNames.store(store, suffix))))
                    .filter(uri -> !from.contains(uri))
                    .toList();
            if (!missing.isEmpty()) {
                throw ConfigException.of("saga.participants names stores without routes; missing: "
                        + String.join(", ", missing) + "; add them in " + config.routesDir() + ", or remove the name");
            }
            return Application.routeFiles(config).size() + " files in " + config.routesDir()
                    + ", each participant has its routes";
        }
    }
}
