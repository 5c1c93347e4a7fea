/** Say which types a hub may use. {@code ArchitectureTest} checks that they expose no others. */
@NullMarked
package dev.streamingsaga.annotation;

import org.jspecify.annotations.NullMarked;
