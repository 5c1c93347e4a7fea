package dev.streamingsaga.failure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A store of the user: one file per saga. While a file {@code broken} exists, its compensation throws an Error. */
public final class CrashingStore {
    static final String BROKEN = "broken";

    public void write(String folder, String sagaId) throws IOException {
        Files.writeString(Files.createDirectories(Path.of(folder)).resolve(sagaId), "stored");
    }

    public void compensate(String folder, String sagaId) throws IOException {
        if (Files.exists(Path.of(folder, BROKEN))) {
            throw new OutOfMemoryError("simulated by the test's own store");
        }
        Files.deleteIfExists(Path.of(folder, sagaId));
    }

    /** The two routes of the store, as a user writes them. */
    static String routes(Path folder) {
        return """
                - route:
                    id: saga-store-crash
                    from:
                      uri: direct:saga-store-crash
                      steps:
                        - bean:
                            beanType: %1$s
                            method: write('%2$s', ${body[sagaId]})
                - route:
                    id: saga-store-crash-compensate
                    from:
                      uri: direct:saga-store-crash-compensate
                      steps:
                        - bean:
                            beanType: %1$s
                            method: compensate('%2$s', ${body[sagaId]})
                """.formatted(CrashingStore.class.getName(), folder);
    }
}
