package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;

/** The routes of the drop folder. Add them after the bundle has started, so that recovery claims its sagas first. */
public final class DropFolderRoutes extends RouteBuilder implements AutoCloseable {
    private static final int RECHECKS = 60;
    private static final long LONGEST_PAUSE_MILLIS = Duration.ofMinutes(1).toMillis();

    private final SagaConfig config;
    private final DropFolder folder;

    /**
     * @throws IllegalStateException if {@code saga.drop.dir} is not set
     * @throws IOException if the folder cannot be created
     */
    public DropFolderRoutes(CamelContext context, DropFolderDependencies parts) throws IOException {
        super(context);
        this.config = parts.config();
        Path dir = config.endpoints()
                .drop()
                .dir()
                .orElseThrow(() -> new IllegalStateException("saga.drop.dir is not set"));
        this.folder = new DropFolder(Files.createDirectories(dir).toRealPath(), parts, context);
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());

        from("scheduler:" + config.id("drop") + "?initialDelay=0&delay="
                        + config.endpoints().drop().interval().toMillis())
                .routeId(config.id("drop")).group("drop")
                .description("scans the drop folder and ingests complete files, as many at a time as sagas may run")
                .process(exchange -> folder.scan());

        Duration time = config.endpoints().drop().writers().watchAfter();
        long share = time.isZero() ? LONGEST_PAUSE_MILLIS : time.toMillis() / RECHECKS;
        long pause = Math.min(LONGEST_PAUSE_MILLIS, Math.max(config.endpoints().drop().interval().toMillis(), share));
        from("scheduler:" + config.id("drop-recheck") + "?initialDelay=0&delay=" + pause)
                .routeId(config.id("drop-recheck")).group("drop")
                .description("rechecks files whose saga has ended; ingests changed files again")
                .process(exchange -> folder.recheck());

        from(config.direct("drop-file")).routeId(config.id("drop-file")).group("drop")
                .description("claims and ingests one dropped file, then moves it and writes its outcome")
                .process(folder::claim)
                .to(config.direct("ingest"))
                .process(folder::ended);
    }

    /** Stops ingesting further files. Files that are being ingested are finished. */
    @Override
    public void close() throws IOException {
        folder.stop();
    }
}
