/**
 * Streaming Saga: a Camel route bundle that brings large documents into an object store and four more stores as one
 * saga.
 *
 * <p>Guarantees: every saga ends COMPLETED (every store holds the document and it is visible), COMPENSATED (nothing of
 * it is left anywhere) or PARTIALLY_COMPENSATED (each piece that resisted is a journaled clean-up entry). The original
 * is only read. No store but the bucket is touched before what the bucket holds was proven to be what was sent.
 */
@NullMarked
package dev.streamingsaga;

import org.jspecify.annotations.NullMarked;
