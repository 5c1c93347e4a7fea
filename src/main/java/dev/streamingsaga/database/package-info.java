/** Opens databases: connection pools and migrations. Contains no queries. */
@NullMarked
package dev.streamingsaga.database;

import org.jspecify.annotations.NullMarked;
