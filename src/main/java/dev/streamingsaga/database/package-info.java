/** Opens databases: connection pools and migrations. Contains no queries. */
@Internal
@NullMarked
package dev.streamingsaga.database;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
