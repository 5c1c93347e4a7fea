/**
 * The line to the LRA coordinator, both ways, with the holes of camel-lra 4.17 closed.
 *
 * <p>Outwards ({@link dev.streamingsaga.lra.JournalSagaService}): every request ends within the coordinator time-out;
 * only LRAs of our own coordinator are ever called; a close that the coordinator answers with "cancelled" fails the
 * saga; a failing cancel never hides the error that caused it; the body of a saga runs on threads of ours.
 *
 * <p>Inwards ({@link dev.streamingsaga.lra.CallbackListener}): a private listener takes from a callback nothing but a
 * signed token naming saga, run and step. What to undo comes from the journal, through
 * {@link dev.streamingsaga.lra.CallbackHandler}.
 */
@NullMarked
package dev.streamingsaga.lra;

import org.jspecify.annotations.NullMarked;
