/** HTTP requests to other servers, with a time limit, and a limit on warnings about requests from others. */
@Internal
@NullMarked
package dev.streamingsaga.http;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
