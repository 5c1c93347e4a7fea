/**
 * The saga protocol: the route of nine steps, participants, completion and compensation.
 *
 * <p>The coordinator says whether a saga closes or cancels. The journal remembers what that means and what came of it:
 * the first outcome recorded is final, a late callback changes nothing. Without a coordinator, the journal alone
 * finishes.
 */
@NullMarked
package dev.streamingsaga.saga;

import org.jspecify.annotations.NullMarked;
