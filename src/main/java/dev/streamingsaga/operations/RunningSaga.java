package dev.streamingsaga.operations;

/**
 * A saga that this process runs now, and the progress of its step.
 *
 * @param step the running step; empty before the first
 * @param total 0 while it is unknown
 * @param unit of {@code done} and {@code total}: bytes, pages or segments; empty if the step reports no progress
 * @param waitsFor why it does not continue; empty if it does
 */
public record RunningSaga(
        String sagaId, String fileName, String step, long done, long total, String unit, String waitsFor) {}
