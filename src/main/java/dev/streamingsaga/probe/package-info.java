/**
 * The seam at which tests watch, and kill at, every side effect. It sits where side effects must pass: the pools of
 * {@code Databases}, the client of {@code S3Clients}, requests to the coordinator, its callbacks, the report files; a
 * test of the architecture keeps anybody else from making pools, clients or listeners, and from writing files. Without
 * a probe on the class path nothing is wrapped.
 */
@NullMarked
package dev.streamingsaga.probe;

import org.jspecify.annotations.NullMarked;
