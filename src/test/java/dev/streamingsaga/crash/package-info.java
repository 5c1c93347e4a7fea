/**
 * Kills the whole application before and after every side effect, restarts it, and asks everything that can be asked
 * what is left.
 */
@org.jspecify.annotations.NullMarked
package dev.streamingsaga.crash;
