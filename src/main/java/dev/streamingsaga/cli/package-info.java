/** The command line: one class per command. Exit codes and JSON output are part of the contract. */
@Internal
@NullMarked
package dev.streamingsaga.cli;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
