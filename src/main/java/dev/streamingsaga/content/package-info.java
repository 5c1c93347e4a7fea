/** From a file to text, from text to segments, from segments to vectors. */
@NullMarked
package dev.streamingsaga.content;

import org.jspecify.annotations.NullMarked;
