/**
 * Stores documents as chunks in an object store: plans, sends, verifies, reads back and deletes them.
 *
 * <p>The objects of one saga are below {@code <prefix>/<documentId>/<sagaId>/}: {@code chunk-000000} and so on, each
 * written by a single PUT, and {@code manifest.json}, written last. A repeated or resumed attempt writes the same keys
 * again. Keys never contain file names.
 *
 * <p>Each PUT carries the SHA-256 of exactly these bytes, computed in one pass over the source; the server rejects
 * other bytes. Only single objects are retried, and every attempt first checks that the saga is active and the source
 * unchanged. A chunk is never held in memory: it is read from the file while it is sent.
 */
@Internal
@NullMarked
package dev.streamingsaga.chunk;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
