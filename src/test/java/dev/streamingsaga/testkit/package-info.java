/** Fixtures, servers and sample files that tests of several packages share. */
@NullMarked
package dev.streamingsaga.testkit;

import org.jspecify.annotations.NullMarked;
