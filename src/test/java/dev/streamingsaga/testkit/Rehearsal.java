package dev.streamingsaga.testkit;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.ingest.IngestResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Ingests one document with the whole application and shuts it down, so that {@link ChildJava} knows the required
 * classes.
 */
final class Rehearsal {
    private Rehearsal() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createDirectories(Path.of(args[0]));
        Path source = Files.writeString(
                directory.resolve("lighthouse.txt"), "The lighthouse keeper counted his gulls.\n".repeat(100));
        Map<String, String> settings = Map.of(
                "saga.data.dir",
                directory.resolve("data").toString(),
                "saga.routes.dir",
                directory.resolve("no-routes").toString(),
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                directory.resolve("drop").toString(),
                "saga.jms.embedded",
                "true");
        try (Application application = Application.serve(Settings.parse(settings))) {
            IngestResult result = application.bundle().operator().ingest(source);
            System.out.println(result);
        }
        System.exit(0);
    }
}
