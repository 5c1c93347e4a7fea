package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.RunningService;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = "Takes a running service out of work and waits: it accepts no documents any more, what runs ends"
                + " within saga.drain.timeout or is handed over, and requests that read are answered until the service"
                + " is stopped.")
final class DrainCommand implements Callable<Integer> {
    private static final int POLL_MILLIS = 300;

    @Mixin
    CommonOptions options = new CommonOptions();

    @Mixin
    ServiceOptions serviceOptions = new ServiceOptions();

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        SagaConfig config = options.load();
        Optional<URI> service =
                serviceOptions.url != null ? Optional.of(serviceOptions.url) : RunningService.address(config);
        if (service.isEmpty()) {
            spec.commandLine().getErr().println("saga: no process uses " + config.dataDir() + "; nothing to drain");
            return 0;
        }
        RemoteOperation remote = new RemoteOperation(service.get(), "/api/drain", serviceOptions.secret());
        JsonNode progress = remote.send();
        print(progress);
        while (!isDrained(progress)) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            JsonNode next = remote.send();
            if (!next.equals(progress)) {
                print(next);
            }
            progress = next;
        }
        return 0;
    }

    private static boolean isDrained(JsonNode progress) {
        return progress.path("state").asText().equals("DRAINED");
    }

    private void print(JsonNode progress) {
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(progress));
        } else if (isDrained(progress)) {
            out.println(
                    "drained: " + ConsoleText.count(progress.path("handedOver").asInt(), "saga") + " handed over");
        } else {
            out.println(
                    "draining: " + ConsoleText.count(progress.path("running").asInt(), "saga") + " running");
        }
    }
}
