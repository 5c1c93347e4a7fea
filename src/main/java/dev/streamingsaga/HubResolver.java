package dev.streamingsaga;

import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.DatabaseSource;
import dev.streamingsaga.database.SharedDatabase;
import dev.streamingsaga.lra.CoordinatorAccess;
import dev.streamingsaga.store.Stores;
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
 * What the hub gives an instance: its properties that begin with the instance's name, and its beans. A property decides
 * before a bean with the instance's name, and that before the only bean of its type.
 */
final class Hub {
    private final CamelContext context;
    private final String name;
    private final HubBeans beans;
    private final HubProperties properties;
    private final List<String> problems = new ArrayList<>();

    private Hub(CamelContext context, String name) {
        this.context = context;
        this.name = name;
        this.beans = new HubBeans(context, name);
        this.properties = HubProperties.read(context.getPropertiesComponent(), name);
        problems.addAll(properties.problems());
    }

    /** @param ownClient made for us, to be closed by us */
    record ResolvedResources(
            SagaConfig config, StreamingSaga.Servers servers, DatabaseSource databases, Optional<S3Client> ownClient) {}

    /**
     * @throws ConfigException naming every property that can't be used and everything that is missing, and how to give
     *     it
     */
    static Hub.ResolvedResources resolve(CamelContext context, String name) {
        return new Hub(context, name).resolved();
    }

    private Hub.ResolvedResources resolved() {
        SagaConfig config = config();
        Optional<URI> coordinator = coordinator(config);
        Optional<S3Client> shared = config.s3().endpoint().isPresent() ? Optional.empty() : client();
        Optional<DatabaseSource> databases = databases(config);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        Optional<S3Client> own = config.s3()
                .endpoint()
                .map(endpoint -> S3Clients.create(
                        config.s3(),
                        endpoint,
                        config.s3().accessKey(),
                        config.s3().secretKey()));
        S3Client s3 = own.orElseGet(() -> S3Clients.shared(shared.orElseThrow(), config.s3()));
        CoordinatorAccess access = CoordinatorAccess.to(coordinator.orElseThrow(), config);
        return new Hub.ResolvedResources(
                config, new StreamingSaga.Servers(access, s3, false), databases.orElseThrow(), own);
    }

    /**
     * With problems: as if none of the properties were given, so that what is missing can be told in the same breath.
     */
    private SagaConfig config() {
        try {
            return Settings.parse(name, properties.values());
        } catch (ConfigException e) {
            problems.addAll(e.problems());
            try {
                return Settings.parse(name, properties.servers());
            } catch (ConfigException again) {
                throw new ConfigException(problems);
            }
        }
    }

    private Optional<URI> coordinator(SagaConfig config) {
        Optional<URI> url = config.coordinator().url();
        if (url.isEmpty()) {
            url = lraService()
                    .map(service -> URI.create(service.getCoordinatorUrl()
                            + Objects.requireNonNullElse(service.getCoordinatorContextPath(), "")));
        }
        if (url.isEmpty() && !properties.isUnusable("coordinator.url")) {
            problems.add("no LRA coordinator: set " + name
                    + ".coordinator.url, or have an LRASagaService in the context, whose coordinator is used then");
        }
        return url;
    }

    /** Only asked where its coordinator is: it goes on as the hub's own. */
    private Optional<LRASagaService> lraService() {
        @Nullable LRASagaService service = context.hasService(LRASagaService.class);
        return service == null ? beans.only(LRASagaService.class) : Optional.of(service);
    }

    private Optional<S3Client> client() {
        Optional<S3Client> client = beans.find(S3Client.class, "S3Client");
        if (client.isEmpty() && !properties.isUnusable("s3.endpoint")) {
            problems.add("no bucket: set " + name + ".s3.endpoint, or have an S3Client in the registry, as "
                    + beans.describe(S3Client.class, "S3Client"));
        }
        return client;
    }

    /** Each role by its own URL, or all without one in the hub's database. */
    private Optional<DatabaseSource> databases(SagaConfig config) {
        DatabaseSource configured = DatabaseSource.configured(config);
        List<String> without = new ArrayList<>();
        if (config.journal().url().isEmpty() && !properties.isUnusable("journal.url")) {
            without.add("journal");
        }
        config.participants().stream()
                .filter(Stores.BUILT_IN::contains)
                .filter(store -> config.store(store).url().isEmpty())
                .filter(store ->
                        !properties.isUnusable("participants") && !properties.isUnusable("store." + store + ".url"))
                .forEach(without::add);
        if (without.isEmpty()) {
            return Optional.of(configured);
        }
        String keys = without.stream()
                .map(role -> name + (role.equals("journal") ? "" : ".store") + "." + role + ".url")
                .reduce((a, b) -> a + ", " + b)
                .orElseThrow();
        Optional<DataSource> hubs = beans.find(DataSource.class, "DataSource");
        if (hubs.isEmpty()) {
            problems.add("no database for " + String.join(", ", without) + ": set " + keys
                    + ", or have a DataSource in the registry, as " + beans.describe(DataSource.class, "DataSource"));
            return Optional.empty();
        }
        try {
            SharedDatabase shared = SharedDatabase.of(hubs.get(), name);
            return Optional.of(role -> without.contains(role) ? shared.open(role) : configured.open(role));
        } catch (SQLException e) {
            problems.add("the DataSource of the registry can't be used for " + String.join(", ", without) + ": "
                    + e.getMessage() + "; or set " + keys);
            return Optional.empty();
        }
    }
}
