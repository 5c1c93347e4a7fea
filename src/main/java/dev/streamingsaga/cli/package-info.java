/** The command line: one class per command, exit codes and JSON as the contract has them. */
@NullMarked
package dev.streamingsaga.cli;

import org.jspecify.annotations.NullMarked;
