package dev.streamingsaga.upload;

import dev.streamingsaga.chunk.IncomingObjects;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.saga.SagaEngine;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Executor;

/** What uploads work with. */
record UploadParts(
        SagaConfig config,
        Runs runs,
        SagaEngine engine,
        DocumentContent content,
        IncomingObjects objects,
        Executor threads,
        Path folder) {

    Journal journal() {
        return runs.journal();
    }

    /** The file of a chunk. Its suffix is that of the document: it helps to detect the type. */
    Path partOf(ActiveRun run, int index) {
        String name = run.document().fileName();
        String suffix = name.replaceFirst("^.*[.]", "").toLowerCase(Locale.ROOT);
        String file = run.sagaId() + "-" + run.number() + "-" + index;
        return folder.resolve(name.contains(".") && suffix.matches("[a-z0-9]{1,10}") ? file + "." + suffix : file);
    }
}
