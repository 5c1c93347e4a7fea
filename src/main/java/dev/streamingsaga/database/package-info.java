/** Connection pools and migrations; no SQL of its own. */
@NullMarked
package dev.streamingsaga.database;

import org.jspecify.annotations.NullMarked;
