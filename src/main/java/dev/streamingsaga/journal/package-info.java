/**
 * Persistent state, and the words for it. The journal is the truth about every saga: intent is written before a side
 * effect, the mark after it, and the first outcome recorded is final.
 */
@NullMarked
package dev.streamingsaga.journal;

import org.jspecify.annotations.NullMarked;
