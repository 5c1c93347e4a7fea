/**
 * The point at which tests observe every side effect, and kill the process. All side effects pass through it: the pools
 * of {@code Databases}, the client of {@code S3Clients}, requests to the coordinator, its callbacks, the report files.
 * {@code ArchitectureTest} lets no other class create pools, clients or listeners, or write files. Without a probe on
 * the class path nothing is wrapped.
 */
@Internal
@NullMarked
package dev.streamingsaga.probe;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
