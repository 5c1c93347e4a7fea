/**
 * Reads documents within limits of processor time, memory and temporary files: in worker processes, or in this one.
 * Depends on {@code content}, whose extractors do the reading; {@code content} knows only its interface
 * {@link dev.streamingsaga.content.Isolation}. A worker gets the bytes of its document from this process and gives back
 * text, both through its standard streams; it knows neither bucket nor journal nor credentials.
 */
@Internal
@NullMarked
package dev.streamingsaga.extraction;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
