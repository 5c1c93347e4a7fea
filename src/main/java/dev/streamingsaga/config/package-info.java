/**
 * All settings. {@code SettingsCatalog} declares each one; {@link dev.streamingsaga.config.Settings} reads them once at
 * start, checks all at once and returns one immutable {@link dev.streamingsaga.config.SagaConfig}.
 */
@Internal
@NullMarked
package dev.streamingsaga.config;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
