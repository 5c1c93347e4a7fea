/**
 * Servers that run inside our own process when none is configured, and the application around them. The only package
 * that touches optional libraries' servers; everything binds to loopback and keeps its state below the data directory.
 */
@NullMarked
package dev.streamingsaga.embedded;

import org.jspecify.annotations.NullMarked;
