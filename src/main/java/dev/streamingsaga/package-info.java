/**
 * Streaming Saga: a Camel route bundle that stores large documents in an object store and four other stores, in one
 * saga.
 *
 * <p>Guarantees: every saga ends COMPLETED (every store holds the document and it is visible), COMPENSATED (no store
 * holds any of it) or PARTIALLY_COMPENSATED (each resource that could not be removed has a clean-up entry in the
 * journal). The original is only read. Nothing is written to the other stores until the content of the bucket is
 * verified.
 */
@NullMarked
package dev.streamingsaga;

import org.jspecify.annotations.NullMarked;
