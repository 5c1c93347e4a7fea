package dev.streamingsaga.saga;

import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.outage.Patience;
import dev.streamingsaga.receipt.Receipts;

/**
 * What the engine works with.
 *
 * @param tokens signs and checks the callbacks of the coordinator
 * @param patience waits for dependencies that are down
 * @param receipts issued for documents that have become visible
 */
public record EngineDependencies(
        Runs runs, CallbackToken tokens, Alerts alerts, Patience patience, Receipts receipts) {}
