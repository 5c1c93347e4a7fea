package dev.streamingsaga.operations;

import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.deletion.Deletions;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.outage.Outages;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.retention.Retention;
import dev.streamingsaga.saga.SagaEngine;
import java.util.Optional;
import org.apache.camel.ProducerTemplate;

/** The components of an open instance that a {@link SagaOperator} uses. */
@Internal
public record OperatorComponents(
        SagaConfig config,
        Journal journal,
        Runs runs,
        Ingest ingest,
        SagaEngine engine,
        Recovery recovery,
        Deletions deletions,
        Retention retention,
        ProducerTemplate template,
        Outages outages,
        StorageConnections storage,
        Drain drain,
        Optional<DocumentEncryption> encryption) {}
