/** Speed, measured against others in one run: pairs, interleaved, as ratios. */
@NullMarked
package dev.streamingsaga.bench;

import org.jspecify.annotations.NullMarked;
