/** Requests to other servers, bounded in time. */
@NullMarked
package dev.streamingsaga.http;

import org.jspecify.annotations.NullMarked;
