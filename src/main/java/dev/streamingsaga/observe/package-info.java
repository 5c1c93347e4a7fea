/**
 * What an operator's monitoring asks: metrics for Prometheus, health, and traces.
 *
 * <p>Guarantees: nobody who asks waits for a store, a bucket or a database that hangs for longer than a few seconds,
 * and of each at most one question is under way, however many ask. What the journal counts is right after a restart;
 * what is counted here begins with the process. Labels are states, steps and parts, never ids or names of files.
 *
 * <p>Traces are made by Camel's own OpenTelemetry tracer. The stand-alone application sends spans only where
 * {@code saga.otel.endpoint} says, never waits for them and fails no saga for them; it takes no trace from outside and
 * hands none out, neither to the bucket nor to the coordinator. In a hub nothing is started: a tracer of the hub's sees
 * our routes. Spans of a saga carry its id, its run and its document's id; never headers, bodies or the words of an
 * exception. A saga has one trace for each process that runs it: what is resumed or cleaned up later has another, with
 * the same saga id.
 */
@NullMarked
package dev.streamingsaga.observe;

import org.jspecify.annotations.NullMarked;
