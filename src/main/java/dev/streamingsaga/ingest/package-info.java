/**
 * Ingest of a file: removes headers, claims the source, registers the saga, validates the file, and answers when the
 * saga has ended.
 */
@NullMarked
package dev.streamingsaga.ingest;

import org.jspecify.annotations.NullMarked;
