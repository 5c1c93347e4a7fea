/** The data directory: only its owner can access it, and one process at a time locks it. */
@Internal
@NullMarked
package dev.streamingsaga.datadir;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
