/** Detects the charset of text files. */
@Internal
@NullMarked
package dev.streamingsaga.charset;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
