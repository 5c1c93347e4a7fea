/** The keys that documents are encrypted with: one data key for each saga, wrapped by a key encryption key. */
@Internal
@NullMarked
package dev.streamingsaga.encryption;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
