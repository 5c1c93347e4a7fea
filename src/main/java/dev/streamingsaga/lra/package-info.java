/**
 * Communication with the LRA coordinator in both directions; fixes the gaps of camel-lra 4.17.
 *
 * <p>Outbound ({@link dev.streamingsaga.lra.JournalSagaService}): every request ends within the coordinator time-out;
 * only LRAs of the configured coordinator are called; a close that the coordinator answers with "cancelled" fails the
 * saga; a failed cancel never hides the error that caused it; the body of a saga runs on threads of this package.
 *
 * <p>Inbound ({@link dev.streamingsaga.lra.CallbackListener}): a private listener reads nothing from a callback but a
 * signed token that names saga, run and step. The journal decides what to compensate, through
 * {@link dev.streamingsaga.lra.CallbackHandler}.
 */
@Internal
@NullMarked
package dev.streamingsaga.lra;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
