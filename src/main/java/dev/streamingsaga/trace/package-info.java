/**
 * Keeps what is done for a saga in its trace where Camel's exchange ends and another one goes on: callbacks,
 * compensations, batches, other threads. Knows no tracer, and does nothing where there is none.
 */
@NullMarked
package dev.streamingsaga.trace;

import org.jspecify.annotations.NullMarked;
