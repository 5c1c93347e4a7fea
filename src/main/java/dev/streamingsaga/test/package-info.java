/**
 * For tests of routes that call {@code direct:<name>-ingest}: a route that stands in for it and results to answer with.
 * Needs neither servers nor an instance, and no test framework.
 */
@NullMarked
package dev.streamingsaga.test;

import org.jspecify.annotations.NullMarked;
