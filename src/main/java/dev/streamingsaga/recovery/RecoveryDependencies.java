package dev.streamingsaga.recovery;

import dev.streamingsaga.deletion.Deletions;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.lra.JournalSagaService;
import dev.streamingsaga.outage.Outages;
import dev.streamingsaga.saga.Alerts;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.source.SourceHost;

/**
 * The parts of the bundle that the recovery uses.
 *
 * @param host decides which sources this node can read
 */
public record RecoveryDependencies(
        Runs runs,
        SagaEngine engine,
        JournalSagaService coordinator,
        SourceHost host,
        Alerts alerts,
        Outages outages,
        Deletions deletions) {}
