/**
 * What the ways in that carry documents share: a spool for bodies, messages that name a file, folders that files may be
 * named in, and the refusal of all of them.
 */
@NullMarked
package dev.streamingsaga.intake;

import org.jspecify.annotations.NullMarked;
