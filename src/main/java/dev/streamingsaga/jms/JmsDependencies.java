package dev.streamingsaga.jms;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.upload.Uploads;

/** The parts of the bundle that JMS ingestion uses. */
public record JmsDependencies(SagaConfig config, Journal journal, Ingest ingest, Uploads uploads) {}
