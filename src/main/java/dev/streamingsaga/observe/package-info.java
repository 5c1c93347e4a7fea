/**
 * Monitoring: metrics for Prometheus, health, and traces.
 *
 * <p>Guarantees: a scrape or health request waits at most a few seconds for a store, bucket or database that hangs, and
 * at most one probe of each runs at a time. Metrics from the journal survive a restart; metrics counted here begin with
 * the process. Labels are states, steps and parts, never ids or file names.
 *
 * <p>Camel's OpenTelemetry tracer creates the traces. The stand-alone application sends spans only to
 * {@code saga.otel.endpoint}; sagas never wait for the export and never fail because of it. It accepts no trace context
 * from outside and passes none on, neither to the bucket nor to the coordinator. In a hub no tracer is started; a
 * tracer of the hub sees the routes. Spans of a saga carry its id, its run and its document id; no headers, no bodies,
 * no exception messages. A saga has one trace for each process that runs it: a later resume or clean-up has another
 * trace with the same saga id.
 */
@Internal
@NullMarked
package dev.streamingsaga.observe;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
