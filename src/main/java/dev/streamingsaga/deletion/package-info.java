/**
 * Deletion of documents: journaled first, then invisible everywhere, then removed store by store. It cannot be undone,
 * only driven forward, by whichever node is there. {@link dev.streamingsaga.deletion.Deletions} is the way to use it.
 */
@Internal
@NullMarked
package dev.streamingsaga.deletion;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
