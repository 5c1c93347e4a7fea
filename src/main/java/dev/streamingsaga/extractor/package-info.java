/** The contract of extractors, and what all kinds share: files inside files, passwords, failures as warnings. */
@Internal
@NullMarked
package dev.streamingsaga.extractor;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
