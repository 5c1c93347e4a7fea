package dev.streamingsaga.outage;

/**
 * A failure that another attempt may not meet.
 *
 * @param detail what the dependency answered, or why it did not; one line
 */
public record Outage(Dependency dependency, String detail) {}
