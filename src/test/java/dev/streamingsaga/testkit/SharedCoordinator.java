package dev.streamingsaga.testkit;

import dev.streamingsaga.embedded.EmbeddedCoordinator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;

/**
 * One coordinator for all tests of a JVM, since it keeps its settings in static state. Applications use it as an
 * external coordinator.
 */
final class SharedCoordinator {
    private static final EmbeddedCoordinator COORDINATOR = start();

    private SharedCoordinator() {}

    static URI url() {
        return COORDINATOR.url();
    }

    private static EmbeddedCoordinator start() {
        try {
            return EmbeddedCoordinator.start(CoordinatorSettings.in(Files.createTempDirectory("coordinator")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
