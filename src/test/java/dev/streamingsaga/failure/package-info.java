/**
 * Failures produced for real, each test named after its failure point, and what bucket, stores and journal hold
 * afterwards.
 */
@NullMarked
package dev.streamingsaga.failure;

import org.jspecify.annotations.NullMarked;
