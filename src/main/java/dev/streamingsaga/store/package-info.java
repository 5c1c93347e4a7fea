/**
 * The four built-in stores as Camel routes, and the queries on them.
 *
 * <p>Each participant NAME has {@code direct:<name>-store-NAME} (write), {@code …-compensate}, {@code …-count},
 * {@code …-complete}, {@code …-sagas} (lists the sagas with rows, a page at a time) and {@code …-inspect} (returns what
 * is stored for one saga). Guarantees:
 *
 * <ul>
 *   <li>Rows belong to a saga, never to a document: two versions of one document never mix, and a compensation deletes
 *       only the rows of its own saga. Keys are known before the write, so a write whose response was lost can be
 *       compensated.
 *   <li>A write is idempotent, also after a crash half-way. Its rows become readable with {@code -complete} only.
 *   <li>Every write is one transaction under a {@link dev.streamingsaga.journal.Run.Permit}: none happens once the saga
 *       was revoked.
 *   <li>A compensation is one transaction (in Neo4j, whose transactions are held in memory, the document goes first and
 *       the nodes follow in batches) and succeeds where nothing was written. It queries the store afterwards and fails
 *       if rows remain, whatever the cause.
 *   <li>The routes do not handle failures: the saga decides what to do.
 * </ul>
 *
 * <p>The stores know the journal only as {@link dev.streamingsaga.journal.Run} and
 * {@link dev.streamingsaga.journal.Document}, and may each live in a database of their own: nothing here spans two.
 */
@Internal
@NullMarked
package dev.streamingsaga.store;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
