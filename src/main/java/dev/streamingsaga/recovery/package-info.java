/**
 * What becomes of sagas that nobody looks after: resumed or compensated when their process is gone, called off when
 * their time is up or a person wants it, cleaned up when a store is back. And what becomes of data that the journal
 * does not know of (orphans), or knows otherwise than it is (drift).
 */
@NullMarked
package dev.streamingsaga.recovery;

import org.jspecify.annotations.NullMarked;
