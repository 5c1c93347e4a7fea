/** What the ways in that carry documents share: a spool for bodies, folders that files may be named in, and the refusal of both. */
@NullMarked
package dev.streamingsaga.intake;

import org.jspecify.annotations.NullMarked;
