/**
 * Outages of what a saga depends on: which failures are transient ({@link dev.streamingsaga.outage.TransientFailures}),
 * and which dependencies are down now ({@link dev.streamingsaga.outage.Outages}).
 */
@Internal
@NullMarked
package dev.streamingsaga.outage;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
