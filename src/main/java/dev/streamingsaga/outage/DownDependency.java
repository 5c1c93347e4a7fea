package dev.streamingsaga.outage;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;

/**
 * A dependency that its probe could not reach.
 *
 * @param outage what a step met
 * @param sagaId the saga whose step met it first
 * @param since when the probe failed first
 */
@PublicApi
public record DownDependency(Outage outage, String sagaId, Instant since) {}
