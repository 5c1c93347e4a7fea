package dev.streamingsaga.extraction;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.content.TextExtractors;
import java.nio.file.Path;

/** Main class of a worker process. */
public final class WorkerMain {
    private WorkerMain() {}

    public static void main(String[] args) {
        Worker.run(settings -> TextExtractors.create(
                Settings.parse(settings).documents().content(), Path.of(System.getProperty("java.io.tmpdir")))::of);
    }
}
