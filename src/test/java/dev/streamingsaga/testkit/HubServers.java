package dev.streamingsaga.testkit;

import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.EmbeddedS3;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** The servers around a hub: a real S3 server and a real coordinator. The test provides the hub itself. */
public final class HubServers implements AutoCloseable {
    private final Path directory;
    private final EmbeddedS3 server;
    private final S3Client bucket;

    public HubServers(Path directory) {
        this.directory = directory;
        this.server = EmbeddedS3.start(directory.resolve("s3"));
        this.bucket = client();
    }

    /** Creates a client as a hub would; the caller closes it. */
    public S3Client client() {
        return S3Clients.create(
                Settings.parse(Map.of()).servers().s3(), server.endpoint(), server.accessKey(), server.secretKey());
    }

    /**
     * The settings of an instance if the hub has no beans: a journal in an SQLite file, and only stores of the user.
     */
    public Map<String, String> properties(String name) {
        Map<String, String> all = new LinkedHashMap<>(common(name));
        all.put(name + ".s3.endpoint", server.endpoint().toString());
        all.put(name + ".s3.access-key", server.accessKey());
        all.put(name + ".s3.secret-key", server.secretKey());
        all.put(name + ".journal.url", "jdbc:sqlite:" + directory.resolve(name + "-journal.db"));
        return all;
    }

    /** Settings that no bean can provide. */
    public Map<String, String> common(String name) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put(name + ".data.dir", directory.resolve("data-" + name).toString());
        all.put(name + ".coordinator.url", StreamingSagaFixture.coordinator().toString());
        all.put(name + ".coordinator.secret", CoordinatorSettings.SECRET);
        all.put(name + ".participants", "");
        all.put(name + ".recovery.lease", "2s");
        all.put(name + ".chunk.retry-delay", "10ms");
        return all;
    }

    /** Creates a context, not started, with properties as the file of a hub would set them. */
    public static CamelContext context(Map<String, String> properties) {
        CamelContext context = new DefaultCamelContext();
        context.getShutdownStrategy().setTimeout(10);
        properties.forEach((key, value) -> context.getPropertiesComponent().addInitialProperty(key, value));
        return context;
    }

    public List<String> keys() {
        return bucket.listObjectsV2Paginator(r -> r.bucket(StreamingSagaFixture.BUCKET)).contents().stream()
                .map(S3Object::key)
                .sorted()
                .toList();
    }

    public Path text(String name, int lines) throws IOException {
        return Files.writeString(
                Files.createDirectories(directory.resolve("in")).resolve(name), "One line of many.\n".repeat(lines));
    }

    @Override
    public void close() {
        bucket.close();
        server.close();
    }
}
