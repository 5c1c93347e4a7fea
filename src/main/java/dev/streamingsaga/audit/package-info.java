/**
 * The audit log: who did what, when, to which document. {@link dev.streamingsaga.audit.AuditLog} is its only door. It
 * depends on a database and a clock, and on nothing else of the project.
 */
@Internal
@NullMarked
package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
