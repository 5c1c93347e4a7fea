/** Embedding models, and cutting text into segments that they accept. */
@Internal
@NullMarked
package dev.streamingsaga.embedding;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
