/** Finds the type of a file by its content and name. */
@Internal
@NullMarked
package dev.streamingsaga.filetype;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
