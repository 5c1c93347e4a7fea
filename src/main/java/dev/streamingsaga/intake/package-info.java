/**
 * What the ingestion endpoints share: a spool for received bodies, messages that name a file, the folders in which
 * files may be named, and the exception for rejected documents.
 */
@Internal
@NullMarked
package dev.streamingsaga.intake;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
