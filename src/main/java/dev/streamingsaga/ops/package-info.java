/** Reports and alerts for operators. */
@NullMarked
package dev.streamingsaga.ops;

import org.jspecify.annotations.NullMarked;
