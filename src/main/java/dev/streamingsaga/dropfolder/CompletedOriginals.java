package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Document;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the paths where the original of a completed document may be. */
public final class CompletedOriginals {
    private static final int NAMES = 3;

    private CompletedOriginals() {}

    /**
     * Returns the source path and the paths to which the drop folder moves completed files. A file found there need not
     * be the original: compare its content.
     */
    public static List<Path> of(SagaConfig config, Document document) {
        Path source = document.path();
        List<Path> candidates = new ArrayList<>(List.of(source));
        root(config).filter(source::startsWith).ifPresent(root -> {
            OutcomeNames names = new OutcomeNames(source.getFileName().toString(), document.sagaId());
            Path moved = root.resolve(Settlement.DONE).resolve(root.relativize(source));
            for (int attempt = 0; attempt < NAMES; attempt++) {
                candidates.add(moved.resolveSibling(names.candidate(attempt)));
            }
        });
        return candidates;
    }

    private static Optional<Path> root(SagaConfig config) {
        try {
            return config.endpoints().drop().dir().isPresent()
                    ? Optional.of(config.endpoints().drop().dir().get().toRealPath())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // no folder, so no file was moved
        }
    }
}
