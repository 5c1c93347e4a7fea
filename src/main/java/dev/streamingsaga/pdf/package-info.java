/** Reads the text of PDF files. */
@Internal
@NullMarked
package dev.streamingsaga.pdf;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
