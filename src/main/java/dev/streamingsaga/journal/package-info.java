/**
 * Persistent state, and the vocabulary for it. The journal is the source of truth about every saga: it records each
 * side effect before and after it, and the first recorded outcome is final.
 */
@Internal
@NullMarked
package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
