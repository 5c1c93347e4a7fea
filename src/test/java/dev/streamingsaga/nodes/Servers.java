package dev.streamingsaga.nodes;

import dev.streamingsaga.cli.Main;
import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * What the nodes share: PostgreSQL, Artemis, S3Mock or Ceph's radosgw, and {@code saga coordinator}, each a process of
 * its own.
 */
final class Servers {
    static final String BUCKET = "streaming-saga";
    private static final String ACCESS_KEY = "saga";
    private static final String SECRET_KEY = "saga-secret";
    private static final Path S3MOCK = Path.of("target/test-servers/s3mock.jar");

    private final Janitor janitor;
    private final String address;
    private final Database database;
    private final ServerProcess broker;
    private final ServerProcess bucket;
    private final @Nullable Ceph ceph;
    private final ServerProcess coordinator;
    private final int brokerPort = ServerProcess.freePort();
    private final int bucketPort = ServerProcess.freePort();
    private final int coordinatorPort = ServerProcess.freePort();

    /** @param namespaces whether the nodes are hosts of their own; {@code -Dnodes.bucket=ceph} counts only then */
    Servers(Janitor janitor, String address, boolean namespaces) {
        boolean isCeph =
                namespaces && System.getProperty("nodes.bucket", "s3mock").equals("ceph");
        Assumptions.assumeTrue(
                isCeph || Files.exists(S3MOCK), "SKIPPED: no " + S3MOCK + "; run ./mvnw dependency:copy@test-servers");
        this.janitor = janitor;
        this.address = address;
        this.database = new Database(janitor, address, namespaces);
        this.broker = process(
                "broker",
                java(
                        BrokerProcess.class,
                        brokerUrl(),
                        janitor.base().resolve("broker").toString()),
                brokerPort);
        this.ceph = isCeph ? new Ceph(janitor, address, bucketPort, ACCESS_KEY, SECRET_KEY) : null;
        this.bucket = ceph == null ? process("bucket", s3mock(), bucketPort) : ceph.gateway();
        this.coordinator = process("coordinator", coordinatorCommand(), coordinatorPort);
    }

    private ServerProcess process(String name, List<String> command, int port) {
        return new ServerProcess(janitor, name, command, () -> ServerProcess.accepts(address, port));
    }

    static List<String> java(Class<?> main, String... arguments) {
        try {
            List<String> command = ChildJava.command(List.of("-Xmx256m"));
            command.add(main.getName());
            command.addAll(List.of(arguments));
            return command;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> s3mock() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                S3MOCK.toAbsolutePath().toString(),
                "--server.port=0",
                "--com.adobe.testing.s3mock.httpPort=" + bucketPort,
                "--com.adobe.testing.s3mock.store.root=" + janitor.base().resolve("bucket"),
                "--com.adobe.testing.s3mock.store.retainFilesOnExit=true");
    }

    private List<String> coordinatorCommand() {
        List<String> command = new ArrayList<>(java(Main.class, "coordinator"));
        command.addAll(List.of("--data", janitor.base().resolve("coordinator").toString()));
        Map.of(
                        "saga.coordinator.host",
                        address,
                        "saga.coordinator.port",
                        "" + coordinatorPort,
                        "saga.coordinator.secret",
                        CoordinatorSettings.SECRET)
                .forEach((key, value) -> command.addAll(List.of("-D", key + "=" + value)));
        return command;
    }

    void start() throws IOException {
        Files.createDirectories(janitor.base().resolve("bucket"));
        if (ceph != null) {
            ceph.start();
        }
        List.of(broker, bucket, coordinator).forEach(ServerProcess::begin);
        database.start();
        List.of(broker, bucket, coordinator).forEach(ServerProcess::awaitReady);
    }

    Database database() {
        return database;
    }

    ServerProcess broker() {
        return broker;
    }

    ServerProcess bucket() {
        return bucket;
    }

    ServerProcess coordinator() {
        return coordinator;
    }

    String brokerUrl() {
        return "tcp://" + address + ":" + brokerPort;
    }

    /** Asks the bucket itself. The caller closes it. */
    S3Client s3() {
        return S3Client.builder()
                .endpointOverride(URI.create("http://" + address + ":" + bucketPort))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY)))
                .build();
    }

    /** Settings that all nodes share. */
    Map<String, String> settings() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put(
                "saga.participants",
                database.hasVectors() ? "security,vector,graph,relational" : "security,graph,relational");
        List.of("journal", "store.security", "store.vector", "store.graph", "store.relational")
                .forEach(part -> all.put("saga." + part + ".url", database.url()));
        if (!database.hasVectors()) {
            all.remove("saga.store.vector.url");
        }
        all.put("saga.s3.endpoint", "http://" + address + ":" + bucketPort);
        all.put("saga.s3.bucket", BUCKET);
        all.put("saga.s3.access-key", ACCESS_KEY);
        all.put("saga.s3.secret-key", SECRET_KEY);
        all.put("saga.coordinator.url", "http://" + address + ":" + coordinatorPort + "/lra-coordinator");
        all.put("saga.coordinator.secret", CoordinatorSettings.SECRET);
        all.put("saga.jms.url", brokerUrl());
        return all;
    }
}
