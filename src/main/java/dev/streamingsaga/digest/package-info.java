/** SHA-256, the only hash of documents and chunks. */
@Internal
@NullMarked
package dev.streamingsaga.digest;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
