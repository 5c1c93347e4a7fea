/**
 * Source files: they are read and hashed, and never written. The identity of a source (inode, size, modification time)
 * is recorded before its first byte is read, and compared until its chunks in the bucket are verified. From then on the
 * bucket is the source.
 */
@Internal
@NullMarked
package dev.streamingsaga.source;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
