package dev.streamingsaga.outage;

import java.time.Instant;

/**
 * A dependency that its probe could not reach.
 *
 * @param outage what a step met
 * @param sagaId the saga whose step met it first
 * @param since when the probe failed first
 */
public record DownDependency(Outage outage, String sagaId, Instant since) {}
