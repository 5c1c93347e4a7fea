/** The command line: one class per command. Exit codes and JSON output are part of the contract. */
@NullMarked
package dev.streamingsaga.cli;

import org.jspecify.annotations.NullMarked;
