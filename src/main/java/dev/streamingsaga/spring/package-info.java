/**
 * Adds instance {@code saga} to a Spring Boot application's Camel context; nothing here is needed or loaded anywhere
 * else.
 */
@NullMarked
package dev.streamingsaga.spring;

import org.jspecify.annotations.NullMarked;
