/**
 * The saga protocol: the route of nine steps, participants, completion and compensation.
 *
 * <p>The coordinator decides whether an LRA closes or cancels. The journal records the saga's outcome: the first one is
 * final, and a late callback changes nothing. If the coordinator is not available, the journal alone finishes the saga.
 */
@Internal
@NullMarked
package dev.streamingsaga.saga;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
