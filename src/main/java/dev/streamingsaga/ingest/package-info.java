/**
 * Ingest of a file: removes headers, claims the source, registers the saga, validates the file, and answers when the
 * saga has ended.
 */
@Internal
@NullMarked
package dev.streamingsaga.ingest;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
