/** HTTP requests to other servers, with a time limit. */
@NullMarked
package dev.streamingsaga.http;

import org.jspecify.annotations.NullMarked;
