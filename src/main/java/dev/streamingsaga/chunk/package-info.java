/**
 * Documents as chunks in an object store: planned, sent, verified, described, read back, removed.
 *
 * <p>Objects of one saga, all below {@code <prefix>/<documentId>/<sagaId>/}: {@code chunk-000000} and on, each written
 * by a single PUT, and {@code manifest.json}, written last. A repeated or resumed attempt writes the same keys again.
 * Names of files never enter a key.
 *
 * <p>Each PUT carries the SHA-256 that the pass over the source took of exactly these bytes; the server refuses other
 * bytes. Nothing is retried but single chunks, and every attempt first looks whether the saga is wanted and the source
 * unchanged. A chunk is never held in memory: it is read from the file while it is sent.
 */
@NullMarked
package dev.streamingsaga.chunk;

import org.jspecify.annotations.NullMarked;
