/**
 * Adds instance {@code saga} to the Camel context of a Spring Boot application. Nothing here is loaded in other
 * applications.
 */
@NullMarked
package dev.streamingsaga.spring;

import org.jspecify.annotations.NullMarked;
