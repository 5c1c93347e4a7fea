package dev.streamingsaga.nodes;

import dev.streamingsaga.api.ApiKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The servers and the nodes. Closing it ends all processes and removes everything, also after a failure. */
final class Cluster implements AutoCloseable {
    private final Janitor janitor;
    private final Servers servers;
    private final List<Node> nodes = new ArrayList<>();
    private final Path shared;
    private final String key;

    /** @param namespaces whether each node is a host of its own; needs root */
    Cluster(int size, boolean namespaces, Map<String, String> settings) throws IOException {
        janitor = Janitor.create();
        try {
            Network network = namespaces ? Namespaces.create(janitor) : Network.local(janitor.base());
            List<Host> hosts = Stream.iterate(1, number -> number + 1)
                    .limit(size)
                    .map(network::host)
                    .toList();
            servers = new Servers(janitor, network.server(), namespaces);
            shared = Files.createDirectories(janitor.base().resolve("shared"));
            Files.createDirectories(shared.resolve("drop"));
            Files.createDirectories(shared.resolve("claims"));
            Path keys = janitor.base().resolve("keys");
            key = ApiKeys.create(keys, "drill", List.of("ingest", "read", "operate"));
            Map<String, String> all = settings(keys);
            all.putAll(settings);
            for (int i = 0; i < size; i++) {
                nodes.add(new Node(janitor, "node" + (i + 1), hosts.get(i), all));
            }
        } catch (IOException | RuntimeException e) {
            janitor.close();
            throw e;
        }
    }

    private Map<String, String> settings(Path keys) {
        Map<String, String> all = new LinkedHashMap<>(servers.settings());
        all.put("saga.http.keys-file", keys.toString());
        all.put("saga.jms.roots", shared.resolve("claims").toString());
        all.put("saga.drop.dir", shared.resolve("drop").toString());
        all.put("saga.drop.stable-for", "0s");
        all.put("saga.chunk.size", "5MiB");
        all.put("saga.redelivery.delay", "5s");
        all.put("saga.health.min-free", "0B");
        all.put("saga.routes.dir", janitor.base().resolve("routes").toString());
        return all;
    }

    /** All nodes start at the same time, on empty databases. */
    Cluster start() throws IOException {
        servers.start();
        nodes.forEach(node -> node.process().begin());
        nodes.forEach(node -> node.process().awaitReady());
        return this;
    }

    Janitor janitor() {
        return janitor;
    }

    Servers servers() {
        return servers;
    }

    Database database() {
        return servers.database();
    }

    List<Node> nodes() {
        return nodes;
    }

    Path shared() {
        return shared;
    }

    String key() {
        return key;
    }

    Senders senders() {
        return new Senders(nodes, key, servers.brokerUrl(), shared);
    }

    /** Copies the logs of all processes to {@code target/nodes/NAME}. */
    Path keepLogs(String name) throws IOException {
        Path kept = Files.createDirectories(Path.of("target", "nodes", name).toAbsolutePath());
        Shell.run(List.of("sh", "-c", "cp " + janitor.base() + "/*.log " + kept));
        for (Node node : nodes) {
            Shell.run(List.of(
                    "cp",
                    node.host().disk().resolve("logs/saga.log").toString(),
                    kept + "/" + node.name() + "-saga.log"));
        }
        return kept;
    }

    @Override
    public void close() {
        janitor.close();
    }
}
