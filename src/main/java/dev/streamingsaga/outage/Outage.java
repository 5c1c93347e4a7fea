package dev.streamingsaga.outage;

import dev.streamingsaga.annotation.PublicApi;

/**
 * A failure that another attempt may not meet.
 *
 * @param detail what the dependency answered, or why it did not; one line
 */
@PublicApi
public record Outage(Dependency dependency, String detail) {}
