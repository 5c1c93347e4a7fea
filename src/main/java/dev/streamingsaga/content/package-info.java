/** Turns files into text, text into segments, and segments into vectors. */
@Internal
@NullMarked
package dev.streamingsaga.content;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
