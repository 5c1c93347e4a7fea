/** The data directory: only its owner can access it, and one process at a time locks it. */
@NullMarked
package dev.streamingsaga.datadir;

import org.jspecify.annotations.NullMarked;
