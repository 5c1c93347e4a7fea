/** Benchmarks: each runs Streaming Saga and a baseline in interleaved pairs and reports the ratio of their times. */
@Internal
@NullMarked
package dev.streamingsaga.bench;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
