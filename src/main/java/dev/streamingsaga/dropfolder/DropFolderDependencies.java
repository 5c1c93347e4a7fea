package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.saga.Alerts;

/** What the drop folder needs of the bundle. */
public record DropFolderDependencies(SagaConfig config, Journal journal, Ingest ingest, Alerts alerts) {}
