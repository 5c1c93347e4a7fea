/** Reads the text of office files, HTML and XML. */
@Internal
@NullMarked
package dev.streamingsaga.office;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
