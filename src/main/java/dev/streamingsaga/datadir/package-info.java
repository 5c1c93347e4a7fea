/** The data directory: private to its user, and to one process at a time. */
@NullMarked
package dev.streamingsaga.datadir;

import org.jspecify.annotations.NullMarked;
