/**
 * All settings. {@code SettingsCatalog} declares each one; {@link dev.streamingsaga.config.Settings} reads them once at
 * start, checks all at once and returns one immutable {@link dev.streamingsaga.config.SagaConfig}.
 */
@NullMarked
package dev.streamingsaga.config;

import org.jspecify.annotations.NullMarked;
