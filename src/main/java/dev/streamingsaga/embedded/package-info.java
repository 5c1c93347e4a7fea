/**
 * Servers that run in this process when no external one is configured, and the stand-alone application. The only
 * package that uses the servers of optional libraries. Every server binds to loopback unless configured otherwise, and
 * keeps its state in the data directory.
 */
@Internal
@NullMarked
package dev.streamingsaga.embedded;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
