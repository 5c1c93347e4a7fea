/** What an operator sees: reports and alerts. */
@NullMarked
package dev.streamingsaga.ops;

import org.jspecify.annotations.NullMarked;
