package dev.streamingsaga.bench;

import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.ingest.IngestResult;
import java.nio.file.Path;

/** Ingests in this process. */
final class BenchIngest {
    private BenchIngest() {}

    static void run(Application application, Path file) {
        IngestResult result = application.bundle().operator().ingest(file);
        if (!result.status().equals("COMPLETED")) {
            throw new IllegalStateException("the measured ingest did not complete: " + result.message());
        }
    }
}
