package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;

/** The door of the drop folder: to be added when the bundle has started, so that the recovery has its sagas first. */
public final class DropFolderRoutes extends RouteBuilder implements AutoCloseable {
    private static final int RECHECKS = 60;
    private static final long LONGEST_PAUSE_MILLIS = Duration.ofMinutes(1).toMillis();

    private final SagaConfig config;
    private final DropFolder folder;

    /**
     * @throws IllegalStateException if {@code saga.drop.dir} is not set
     * @throws IOException if the folder can't be made
     */
    public DropFolderRoutes(CamelContext context, DropFolderDependencies parts) throws IOException {
        super(context);
        this.config = parts.config();
        Path dir = config.drop().dir().orElseThrow(() -> new IllegalStateException("saga.drop.dir is not set"));
        this.folder = new DropFolder(Files.createDirectories(dir).toRealPath(), parts, context);
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());

        from("scheduler:" + config.id("drop") + "?initialDelay=0&delay=" + config.drop().interval().toMillis())
                .routeId(config.id("drop")).group("drop")
                .description("looks at the drop folder, and has each complete file taken, as many at a time as sagas may run")
                .process(exchange -> folder.scan());

        Duration time = config.drop().writers().watchAfter();
        long share = time.isZero() ? LONGEST_PAUSE_MILLIS : time.toMillis() / RECHECKS;
        long pause = Math.min(LONGEST_PAUSE_MILLIS, Math.max(config.drop().interval().toMillis(), share));
        from("scheduler:" + config.id("drop-recheck") + "?initialDelay=0&delay=" + pause)
                .routeId(config.id("drop-recheck")).group("drop")
                .description("looks again at files whose saga has ended; one that has changed is ingested again")
                .process(exchange -> folder.lookAgain());

        from(config.direct("drop-file")).routeId(config.id("drop-file")).group("drop")
                .description("one dropped file: claimed, ingested, moved with its outcome")
                .process(folder::claim)
                .to(config.direct("ingest"))
                .process(folder::ended);
    }

    /** Takes no more files; those that are taken are gone on with. */
    @Override
    public void close() throws IOException {
        folder.stop();
    }
}
