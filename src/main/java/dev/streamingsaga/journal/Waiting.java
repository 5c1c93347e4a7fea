package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;

/**
 * Why an unfinished saga does not continue.
 *
 * @param reason begins with "waits for"
 * @param since when the first attempt of its step failed
 * @param nextAttempt when the step is tried again at the latest, unless what it waits for is known to be down
 */
@PublicApi
public record Waiting(String reason, Instant since, Instant nextAttempt) {}
