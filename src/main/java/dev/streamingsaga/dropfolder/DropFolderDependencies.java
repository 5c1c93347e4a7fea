package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.saga.Alerts;
import dev.streamingsaga.source.SourceHost;

/** The parts of the bundle that the drop folder uses. */
public record DropFolderDependencies(
        SagaConfig config, Journal journal, Ingest ingest, Alerts alerts, SourceHost host) {}
