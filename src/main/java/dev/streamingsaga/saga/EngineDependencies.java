package dev.streamingsaga.saga;

import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.outage.Patience;

/**
 * What the engine works with.
 *
 * @param tokens signs and checks the callbacks of the coordinator
 * @param patience waits for dependencies that are down
 */
public record EngineDependencies(Runs runs, CallbackToken tokens, Alerts alerts, Patience patience) {}
