/** Benchmarks: each runs Streaming Saga and a baseline in interleaved pairs and reports the ratio of their times. */
@NullMarked
package dev.streamingsaga.bench;

import org.jspecify.annotations.NullMarked;
