/**
 * For tests of routes that call {@code direct:<name>-ingest}: a mock of that route, and results for it to reply with.
 * Needs no servers, no instance and no test framework.
 */
@NullMarked
package dev.streamingsaga.test;

import org.jspecify.annotations.NullMarked;
