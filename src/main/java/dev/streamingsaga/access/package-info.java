/** Who uses the bundle, and which documents they may see: by owner and classification. */
@Internal
@NullMarked
package dev.streamingsaga.access;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
