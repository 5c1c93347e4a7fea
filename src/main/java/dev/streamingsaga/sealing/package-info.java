/**
 * The stored form of objects: compressed, encrypted or both. Transforms streams; where they come from and go to is the
 * caller's business. {@code docs/encryption.md} describes the format byte by byte.
 */
@Internal
@NullMarked
package dev.streamingsaga.sealing;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
