package dev.streamingsaga.nodes;

import dev.streamingsaga.cli.Main;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code saga start} on a host of its own. */
final class Node {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private final String name;
    private final Host host;
    private final URI url;
    private final ServerProcess process;

    Node(Janitor janitor, String name, Host host, Map<String, String> settings) {
        this.name = name;
        this.host = host;
        int http = ServerProcess.freePort();
        this.url = URI.create("http://" + host.address() + ":" + http);
        List<String> command = new ArrayList<>(
                Servers.java(Main.class, "start", "--data", host.data().toString()));
        settings.forEach((key, value) -> command.addAll(List.of("-D", key + "=" + value)));
        Map.of(
                        "saga.node.name",
                        name,
                        "saga.http.host",
                        host.address(),
                        "saga.http.port",
                        "" + http,
                        "saga.callback.host",
                        host.address(),
                        "saga.callback.port",
                        "" + ServerProcess.freePort())
                .forEach((key, value) -> command.addAll(List.of("-D", key + "=" + value)));
        this.process = new ServerProcess(janitor, name, host.within().apply(command), this::answers);
    }

    private boolean answers() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(url.resolve("/observe/health/ready"))
                .timeout(Duration.ofSeconds(5))
                .build();
        return CLIENT.send(request, BodyHandlers.discarding()).statusCode() == 200;
    }

    String name() {
        return name;
    }

    Host host() {
        return host;
    }

    URI url() {
        return url;
    }

    ServerProcess process() {
        return process;
    }
}
