/**
 * Recovers sagas: resumes or compensates them when their process is gone, cancels them at their time limit or on an
 * operator command, and retries clean-ups when a store is back. Also finds stored data that no journal entry owns
 * (orphans) and stored data that differs from the journal (drift).
 */
@Internal
@NullMarked
package dev.streamingsaga.recovery;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
