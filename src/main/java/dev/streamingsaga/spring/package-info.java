/**
 * Adds instance {@code saga} to the Camel context of a Spring Boot application. Nothing here is loaded in other
 * applications.
 */
@Internal
@NullMarked
package dev.streamingsaga.spring;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
