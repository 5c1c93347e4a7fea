/** HTTP requests to other servers, with a time limit, and a limit on warnings about requests from others. */
@NullMarked
package dev.streamingsaga.http;

import org.jspecify.annotations.NullMarked;
