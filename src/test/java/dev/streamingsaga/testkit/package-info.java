/** What tests of several packages need: files to store. */
@NullMarked
package dev.streamingsaga.testkit;

import org.jspecify.annotations.NullMarked;
