/** Cleans text, and decides what of it is language. */
@Internal
@NullMarked
package dev.streamingsaga.text;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
