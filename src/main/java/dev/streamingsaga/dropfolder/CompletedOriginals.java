package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Document;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where the original of a completed document may be found. */
public final class CompletedOriginals {
    private static final int NAMES = 3;

    private CompletedOriginals() {}

    /**
     * Where it was taken in, and where the drop folder moves what has completed. What lies there need not be the
     * original: compare it.
     */
    public static List<Path> of(SagaConfig config, Document document) {
        Path source = document.path();
        List<Path> places = new ArrayList<>(List.of(source));
        root(config).filter(source::startsWith).ifPresent(root -> {
            OutcomeNames names = new OutcomeNames(source.getFileName().toString(), document.sagaId());
            Path moved = root.resolve(Settlement.DONE).resolve(root.relativize(source));
            for (int attempt = 0; attempt < NAMES; attempt++) {
                places.add(moved.resolveSibling(names.candidate(attempt)));
            }
        });
        return places;
    }

    private static Optional<Path> root(SagaConfig config) {
        try {
            return config.drop().dir().isPresent()
                    ? Optional.of(config.drop().dir().get().toRealPath())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // no folder, so nothing was moved in it
        }
    }
}
