/** Turns files into text, text into segments, and segments into vectors. */
@NullMarked
package dev.streamingsaga.content;

import org.jspecify.annotations.NullMarked;
