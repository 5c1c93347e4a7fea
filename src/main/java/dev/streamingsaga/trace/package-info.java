/**
 * Continues the trace of a saga in other exchanges: callbacks, compensations, batches, other threads. Independent of
 * the tracer, and does nothing without one.
 */
@Internal
@NullMarked
package dev.streamingsaga.trace;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
