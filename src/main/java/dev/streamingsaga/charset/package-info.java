/** Finds out in which charset a text file is written. */
@Internal
@NullMarked
package dev.streamingsaga.charset;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
