/**
 * The original: looked at, read and hashed, never written. A source file is only ever opened for reading; its identity
 * (inode, size, modification time) is taken before the first byte and compared until the saga has ended.
 */
@NullMarked
package dev.streamingsaga.source;

import org.jspecify.annotations.NullMarked;
