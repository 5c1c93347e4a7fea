package dev.streamingsaga.outage;

import java.time.Instant;

/**
 * A dependency that its probe could not reach.
 *
 * @param outage what a step met
 * @param since when the probe failed first
 */
public record DownDependency(Outage outage, Instant since) {}
