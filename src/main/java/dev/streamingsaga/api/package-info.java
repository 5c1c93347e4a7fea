/**
 * The way in over HTTP, the API and the page: Camel's {@code platform-http} is the port, so that a hub's own server
 * serves it.
 *
 * <p>Guarantees: a request is refused before its body is read whenever its head already says why. A body is written to
 * a spool file while it arrives, whatever its size, and hashed; of one that breaks off nothing stays. The spool file is
 * the saga's source, so a saga that a kill interrupted is resumed from it; it is removed when the saga is final.
 * Nothing of a request reaches another route as a header. Content is given out only as its digests say: the connection
 * breaks before damaged bytes are complete.
 */
@NullMarked
package dev.streamingsaga.api;

import org.jspecify.annotations.NullMarked;
