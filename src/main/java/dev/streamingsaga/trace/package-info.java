/**
 * Continues the trace of a saga in other exchanges: callbacks, compensations, batches, other threads. Independent of
 * the tracer, and does nothing without one.
 */
@NullMarked
package dev.streamingsaga.trace;

import org.jspecify.annotations.NullMarked;
