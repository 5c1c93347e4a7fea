/** Reads the text of mails and mailboxes. */
@Internal
@NullMarked
package dev.streamingsaga.mail;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;
