/**
 * Backup of a data directory, also of a running instance, and its restore. The door is
 * {@link dev.streamingsaga.backup.Backup} and {@link dev.streamingsaga.backup.Restore}.
 */
@Internal
@NullMarked
package dev.streamingsaga.backup;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
