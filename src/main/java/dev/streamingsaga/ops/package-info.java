/** Reports and alerts for operators. */
@Internal
@NullMarked
package dev.streamingsaga.ops;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
