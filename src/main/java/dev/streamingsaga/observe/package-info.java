/**
 * What an operator's monitoring asks: metrics for Prometheus, and health.
 *
 * <p>Guarantees: nobody who asks waits for a store, a bucket or a database that hangs for longer than a few seconds, and of each at most one
 * question is under way, however many ask. What the journal counts is right after a restart; what is counted here begins with the process. Labels
 * are states, steps and parts, never ids or names of files.
 */
@NullMarked
package dev.streamingsaga.observe;

import org.jspecify.annotations.NullMarked;
