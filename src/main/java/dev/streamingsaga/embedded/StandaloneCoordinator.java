package dev.streamingsaga.embedded;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.datadir.DataDirectory;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/** The embedded coordinator as a separate server, which holds the lock on its data directory. */
public final class StandaloneCoordinator implements AutoCloseable {
    private final DataDirectory directory;
    private final EmbeddedCoordinator coordinator;

    private StandaloneCoordinator(DataDirectory directory, EmbeddedCoordinator coordinator) {
        this.directory = directory;
        this.coordinator = coordinator;
    }

    /** @throws UnavailableException if it cannot start */
    public static StandaloneCoordinator start(SagaConfig config) {
        DataDirectory directory = DataDirectory.lock(config);
        try {
            EmbeddedCoordinator coordinator = EmbeddedCoordinator.startAlone(config);
            coordinator.recover();
            directory.tighten();
            return new StandaloneCoordinator(directory, coordinator);
        } catch (IOException e) {
            directory.close();
            throw new UnavailableException("the coordinator cannot start: " + e.getMessage(), e);
        }
    }

    public URI url() {
        return coordinator.url();
    }

    /** The file of the secret that the nodes need; empty if the secret is configured. */
    public Optional<Path> secretFile() {
        return coordinator.secretFile();
    }

    @Override
    public void close() {
        coordinator.close();
        directory.tighten();
        directory.close();
    }
}
