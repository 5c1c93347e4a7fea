package dev.streamingsaga.jms;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;

/** What the way in by messages needs of the bundle. */
public record JmsDependencies(SagaConfig config, Journal journal, Ingest ingest) {}
