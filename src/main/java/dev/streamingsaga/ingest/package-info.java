/** The way in: headers stripped, source claimed, saga journaled, file validated; the answer when it has ended. */
@NullMarked
package dev.streamingsaga.ingest;

import org.jspecify.annotations.NullMarked;
