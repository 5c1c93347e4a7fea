/**
 * The four built-in stores as Camel routes, and the questions that can be asked of them.
 *
 * <p>Each participant NAME has {@code direct:<name>-store-NAME} (write), {@code …-compensate}, {@code …-count},
 * {@code …-complete}, {@code …-sagas} (which sagas it holds, a page at a time) and {@code …-inspect} (what it holds of
 * one). What they guarantee:
 *
 * <ul>
 *   <li>Rows belong to a saga, never to a document: two versions of one document don't meet, and a compensation removes
 *       only its own saga's rows. Keys are known before the write, so a write whose answer was lost can be compensated.
 *   <li>A write may be repeated, also after a crash half-way: the result is the same. It becomes readable with
 *       {@code -complete} only.
 *   <li>Every write is one transaction under a {@link dev.streamingsaga.journal.Run.Permit}: none happens once the saga
 *       was called off.
 *   <li>A compensation is one transaction, succeeds where there is nothing, and asks the store afterwards: if rows are
 *       left, for whatever reason, it fails.
 *   <li>Failures leave the routes unhandled: what to do about them is the saga's business.
 * </ul>
 *
 * <p>The stores know the journal only as {@link dev.streamingsaga.journal.Run} and
 * {@link dev.streamingsaga.journal.Document}, and may each live in a database of their own: nothing here spans two.
 */
@NullMarked
package dev.streamingsaga.store;

import org.jspecify.annotations.NullMarked;
