/**
 * The HTTP API, including ingestion, and the operator's page. It uses Camel's {@code platform-http}, so the HTTP server
 * of a hub serves it.
 *
 * <p>Guarantees:
 *
 * <ul>
 *   <li>A request is rejected before its body is read, if its headers already show the error.
 *   <li>A body of any size is written to a spool file and hashed as it arrives. Nothing is kept of an incomplete body.
 *       The spool file is the source of the saga, so a saga that was interrupted by a kill is resumed from it. It is
 *       removed when the saga has ended.
 *   <li>No header of a request reaches another route.
 *   <li>Content is verified while it is sent: the connection is closed before damaged content is complete.
 * </ul>
 */
@Internal
@NullMarked
package dev.streamingsaga.api;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
