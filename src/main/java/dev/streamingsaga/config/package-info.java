/** All settings: read once at start, checked all at once, handed on as one immutable record. */
@NullMarked
package dev.streamingsaga.config;

import org.jspecify.annotations.NullMarked;
