/**
 * Receipts: signed statements about completed and deleted documents, chained in the journal. {@link Receipts} is the
 * door for everything that runs; whoever only verifies uses {@link ReceiptVerifier}. docs/receipts.md describes the
 * format.
 */
@Internal
@NullMarked
package dev.streamingsaga.receipt;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
