package dev.streamingsaga;

import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.DatabaseSource;
import dev.streamingsaga.database.SharedDatabase;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.lra.CoordinatorAccess;
import java.net.URI;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.service.lra.LRASagaService;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Resolves what an instance uses from its hub: the properties that begin with the instance's name, and beans of the
 * registry. A property takes precedence over a bean with the instance's name, and that over the only bean of its type.
 */
final class HubResolver {
    private final CamelContext context;
    private final String name;
    private final HubBeans beans;
    private final HubProperties properties;
    private final List<String> problems = new ArrayList<>();

    private HubResolver(CamelContext context, String name) {
        this.context = context;
        this.name = name;
        this.beans = new HubBeans(context, name);
        this.properties = HubProperties.read(context.getPropertiesComponent(), name);
        problems.addAll(properties.problems());
    }

    /** @param ownClient created for this instance, which closes it; empty if the hub's client is used */
    record ResolvedResources(
            SagaConfig config, StreamingSaga.Servers servers, DatabaseSource databases, Optional<S3Client> ownClient) {}

    /** @throws ConfigException naming every unusable property and every missing resource, and how to provide it */
    static ResolvedResources resolve(CamelContext context, String name) {
        return new HubResolver(context, name).resolveAll();
    }

    private ResolvedResources resolveAll() {
        SagaConfig config = config();
        Optional<URI> coordinator = coordinator(config);
        Optional<S3Client> hubClient = config.servers().s3().endpoint().isPresent() ? Optional.empty() : client();
        Optional<DatabaseSource> databases = databases(config);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        Optional<S3Client> ownClient = config.servers()
                .s3()
                .endpoint()
                .map(endpoint -> S3Clients.create(
                        config.servers().s3(),
                        endpoint,
                        config.servers().s3().accessKey(),
                        config.servers().s3().secretKey()));
        S3Client s3 = ownClient.orElseGet(
                () -> S3Clients.shared(hubClient.orElseThrow(), config.servers().s3()));
        CoordinatorAccess access = CoordinatorAccess.to(coordinator.orElseThrow(), config);
        return new ResolvedResources(
                config, new StreamingSaga.Servers(access, s3, false), databases.orElseThrow(), ownClient);
    }

    /**
     * If a property is invalid, parses only the properties that name servers, so that the same exception also reports
     * missing resources.
     */
    private SagaConfig config() {
        try {
            return Settings.parse(name, properties.values());
        } catch (ConfigException e) {
            problems.addAll(e.problems());
            try {
                return Settings.parse(name, properties.servers());
            } catch (ConfigException unusable) {
                throw new ConfigException(problems);
            }
        }
    }

    private Optional<URI> coordinator(SagaConfig config) {
        Optional<URI> url = config.servers().coordinator().url();
        if (url.isEmpty()) {
            url = lraService()
                    .map(service -> URI.create(service.getCoordinatorUrl()
                            + Objects.requireNonNullElse(service.getCoordinatorContextPath(), "")));
        }
        if (url.isEmpty() && !properties.isUnusable("coordinator.url")) {
            problems.add("no LRA coordinator: set " + name
                    + ".coordinator.url, or add an LRASagaService to the context: the instance uses its coordinator");
        }
        return url;
    }

    /** Read only for the address of its coordinator; the hub keeps using the service itself. */
    private Optional<LRASagaService> lraService() {
        @Nullable LRASagaService service = context.hasService(LRASagaService.class);
        return service == null ? beans.only(LRASagaService.class) : Optional.of(service);
    }

    private Optional<S3Client> client() {
        Optional<S3Client> client = beans.find(S3Client.class, "S3Client");
        if (client.isEmpty() && !properties.isUnusable("s3.endpoint")) {
            problems.add("no bucket: set " + name + ".s3.endpoint, or bind an S3Client in the registry "
                    + beans.describe(S3Client.class, "S3Client"));
        }
        return client;
    }

    /** Opens each role by its own URL, and those without a URL in the hub's database. */
    private Optional<DatabaseSource> databases(SagaConfig config) {
        DatabaseSource configured = DatabaseSource.configured(config);
        List<String> rolesWithoutUrl = new ArrayList<>();
        if (config.servers().journal().url().isEmpty() && !properties.isUnusable("journal.url")) {
            rolesWithoutUrl.add("journal");
        }
        config.participants().stream()
                .filter(StoreNames.BUILT_IN::contains)
                .filter(store -> config.servers().store(store).url().isEmpty())
                .filter(store ->
                        !properties.isUnusable("participants") && !properties.isUnusable("store." + store + ".url"))
                .forEach(rolesWithoutUrl::add);
        if (rolesWithoutUrl.isEmpty()) {
            return Optional.of(configured);
        }
        String keys = rolesWithoutUrl.stream()
                .map(role -> name + (role.equals("journal") ? "" : ".store") + "." + role + ".url")
                .reduce((a, b) -> a + ", " + b)
                .orElseThrow();
        Optional<DataSource> hubDataSource = beans.find(DataSource.class, "DataSource");
        if (hubDataSource.isEmpty()) {
            problems.add("no database for " + String.join(", ", rolesWithoutUrl) + ": set " + keys
                    + ", or bind a DataSource in the registry " + beans.describe(DataSource.class, "DataSource"));
            return Optional.empty();
        }
        try {
            SharedDatabase shared = SharedDatabase.of(hubDataSource.get(), name);
            return Optional.of(role -> rolesWithoutUrl.contains(role) ? shared.open(role) : configured.open(role));
        } catch (SQLException e) {
            problems.add("the DataSource of the registry can't be used for " + String.join(", ", rolesWithoutUrl) + ": "
                    + e.getMessage() + "; or set " + keys);
            return Optional.empty();
        }
    }
}
