/**
 * Real failures. Each test is named after its failure point and checks what bucket, stores and journal hold afterwards.
 */
@NullMarked
package dev.streamingsaga.failure;

import org.jspecify.annotations.NullMarked;
