/**
 * How long documents and the journal are kept: rules, and the passes that apply them; its door is {@code Retention}.
 */
@Internal
@NullMarked
package dev.streamingsaga.retention;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
